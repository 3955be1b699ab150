/** Times in the reader's zone, with the exact instant at hand. */
import { words } from './words';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
	['day', 86_400],
	['hour', 3_600],
	['minute', 60],
	['second', 1]
];

export function ago(iso: string, now: number): string {
	const seconds = Math.round((Date.parse(iso) - now) / 1000);
	for (const [unit, length] of STEPS) {
		if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
	}
	return words.now;
}

export const exactly = (iso: string) => exact.format(new Date(iso));

export function shortly(iso: string): string {
	const at = new Date(iso);
	const today = new Date().toDateString() === at.toDateString();
	return today ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
}

export function span(milliseconds: number): string {
	const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
	const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
	const parts = [days && `${days} d`, hours && `${hours} h`, !days && minutes % 60 && `${minutes % 60} min`];
	return parts.filter(Boolean).join(' ') || words.lessThanAMinute;
}
