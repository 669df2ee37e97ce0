/** As short as it can be said: `1.2 s`, `42 s`, `12:05`, `1:02:05`. */
export function describeDelay(delayMs: number): string {
	const seconds = Math.max(0, delayMs) / 1000;
	if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	const clock = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
	if (clock[0] === 0) clock.shift();
	return clock.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
