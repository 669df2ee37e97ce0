const DAY_MS = 86_400_000;

/** "today at 14:00", "tomorrow at 09:30", "Tue, 4 Mar at 09:30": in the reader's own zone and, for names, `locale`. */
export function describeInstant(iso: string, nowMs: number, locale?: string): string {
	const date = new Date(iso);
	const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(date);
	const days = Math.round((startOfDay(date.getTime()) - startOfDay(nowMs)) / DAY_MS);
	const near = { "-1": "yesterday", "0": "today", "1": "tomorrow" }[days];
	return `${near ?? longDay(date, nowMs, locale)} at ${time}`;
}

function longDay(date: Date, nowMs: number, locale?: string): string {
	const sameYear = date.getFullYear() === new Date(nowMs).getFullYear();
	const parts = { weekday: "short", day: "numeric", month: "short" } as const;
	return new Intl.DateTimeFormat(locale, sameYear ? parts : { ...parts, year: "numeric" }).format(date);
}

function startOfDay(ms: number): number {
	return new Date(ms).setHours(0, 0, 0, 0);
}
