// Before the canvas is loaded: it would read every font of the machine, and texts are to look the same everywhere.
process.env["DISABLE_SYSTEM_FONTS_LOAD"] = "1";

export const { createCanvas, GlobalFonts, loadImage } = await import("@napi-rs/canvas");
