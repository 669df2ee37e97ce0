/** Puts `text` on the clipboard. False where the browser does not allow it. */
export async function copyText(text: string): Promise<boolean> {
	try {
		// Undefined on plain http, where many first installations live.
		if (navigator.clipboard) {
			await navigator.clipboard.writeText(text);
			return true;
		}
	} catch {
		// Refused, as in a frame without the permission: the older way may still work.
	}
	const area = document.createElement("textarea");
	area.value = text;
	area.style.position = "fixed";
	area.style.opacity = "0";
	// Inside an open modal dialog everything else is inert and cannot be selected.
	(document.activeElement?.closest("dialog") ?? document.body).append(area);
	const before = document.activeElement;
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	if (before instanceof HTMLElement) before.focus();
	return copied;
}
