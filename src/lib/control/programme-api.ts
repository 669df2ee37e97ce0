import * as z from "zod";
import { type BrandImageName, type BrandInfo, brandInfoSchema, type PutBrand } from "../../../core/protocol/brand.ts";
import type { PatchScene } from "../../../core/protocol/scene-direction.ts";

/** `path`: below `/api/webinars`. `body`: JSON, or a file as it is. Both throw `ApiProblem`. */
export interface ApiCalls {
	request(method: string, path: string, body?: unknown): Promise<Response>;
	call<T>(method: string, path: string, answer: z.ZodType<T>, body?: unknown): Promise<T>;
}

const nothing = z.unknown().transform(() => undefined);

/** What hosts do with the programme. Scene and outputs are told by the events, so that nothing is answered here. */
export function programmeApi({ request, call }: ApiCalls) {
	const of = (webinarId: string, rest: string) => `/${encodeURIComponent(webinarId)}/${rest}`;
	return {
		patchScene: (webinarId: string, patch: PatchScene): Promise<void> =>
			call("PATCH", of(webinarId, "scene"), nothing, patch),
		getBrand: (webinarId: string): Promise<BrandInfo> => call("GET", of(webinarId, "brand"), brandInfoSchema),
		putBrand: (webinarId: string, colours: PutBrand): Promise<BrandInfo> =>
			call("PUT", of(webinarId, "brand"), brandInfoSchema, colours),
		/** As it was uploaded. */
		brandImage: async (webinarId: string, name: BrandImageName): Promise<Blob> =>
			(await request("GET", of(webinarId, `brand/${name}`))).blob(),
		putBrandImage: (webinarId: string, name: BrandImageName, image: Blob): Promise<BrandInfo> =>
			call("PUT", of(webinarId, `brand/${name}`), brandInfoSchema, image),
		deleteBrandImage: (webinarId: string, name: BrandImageName): Promise<void> =>
			call("DELETE", of(webinarId, `brand/${name}`), nothing),
		addOutput: (webinarId: string, output: { name: string; url: string }): Promise<void> =>
			call("POST", of(webinarId, "outputs"), nothing, output),
		removeOutput: (webinarId: string, outputId: string): Promise<void> =>
			call("DELETE", of(webinarId, `outputs/${encodeURIComponent(outputId)}`), nothing),
	};
}
