import type { Look } from "./presenter-figure.ts";

export interface DemoPerson {
	name: string;
	pitchHz: number;
	look: Look;
}

/** The two presenters of the demo. */
export const demoPeople: readonly [DemoPerson, DemoPerson] = [
	{
		name: "Amara Okafor",
		pitchHz: 205,
		look: {
			background: ["#0f766e", "#134e6f"],
			lights: "#ffffff12",
			panel: "#0b3340",
			accent: "#5eead4",
			skin: "#a8704f",
			hair: "#241a1e",
			clothes: "#f2b84b",
			longHair: true,
			glasses: false,
		},
	},
	{
		name: "Jonas Lindqvist",
		pitchHz: 118,
		look: {
			background: ["#c2583e", "#7c2d5b"],
			lights: "#ffffff14",
			panel: "#46192f",
			accent: "#fdba74",
			skin: "#f0c3a0",
			hair: "#8a5a33",
			clothes: "#33507e",
			longHair: false,
			glasses: true,
		},
	},
];
