import { words } from '../words';
import type { Snooze } from './inbox.svelte';

/** Tomorrow at nine, where the reader is. */
function morning(): string {
	const at = new Date();
	at.setDate(at.getDate() + 1);
	at.setHours(9, 0, 0, 0);
	return at.toISOString();
}

/** Until when somebody may want quiet, with what each is called. */
export const snoozes = (): [string, Snooze][] => [
	[words.hours(1), { for_seconds: 3_600 }],
	[words.hours(4), { for_seconds: 4 * 3_600 }],
	[words.untilMorning, { until: morning() }],
	[words.hours(24), { for_seconds: 24 * 3_600 }],
	[words.untilMore, { failures: 10 }],
	[words.untilChanged, { until_changed: true }]
];
