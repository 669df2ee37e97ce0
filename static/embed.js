/*
 * <script src="https://example.org/embed.js" data-webinar="ID"></script>
 * puts Rostrum's player in the place of this element, as wide as its column and 16:9.
 * `data-title` names the frame for screen readers.
 */
(() => {
	const script = document.currentScript;
	const webinar = script?.dataset.webinar ?? "";
	if (!/^[a-z0-9]{12}$/.test(webinar)) {
		console.error("Rostrum: embed.js needs data-webinar with the webinar's id, 12 characters of a-z and 0-9");
		return;
	}
	const frame = document.createElement("iframe");
	frame.src = new URL(`embed/${webinar}`, script.src).href;
	frame.title = script.dataset.title || "Live webinar";
	frame.allow = "autoplay; picture-in-picture";
	frame.allowFullscreen = true;
	frame.style.cssText = "display:block;width:100%;aspect-ratio:16/9;border:0;border-radius:12px;background:#070b0a";
	script.replaceWith(frame);
})();
