import { asked, type Acted, type Alert, type Counts, type Trouble } from '../api/client';
import { shortly } from '../time';
import { words } from '../words';
import type { App } from './app.svelte';

export interface Filters {
	project: string;
	state: string;
	severity: string;
	workflow: string;
	text: string;
}

export type Act = 'acknowledge' | 'snooze' | 'resolve' | 'reopen';
export type Snooze = { until?: string; for_seconds?: number; until_changed?: boolean; failures?: number };

export function filtersOf(search: string): Filters {
	const given = new URLSearchParams(search);
	const of = (name: string) => given.get(name) ?? '';
	return { project: of('project'), state: of('state') || 'open', severity: of('severity'), workflow: of('workflow'), text: of('text') };
}

export function searchOf(filters: Filters): string {
	const given = new URLSearchParams();
	for (const [name, value] of Object.entries(filters)) {
		if (value && !(name === 'state' && value === 'open')) given.set(name, value);
	}
	const text = given.toString();
	return text ? `?${text}` : '';
}

const OPEN = ['firing', 'acknowledged', 'snoozed'];

/** The list, as it is asked for; new rows wait until they are asked for, so that nothing moves under a pointer. */
export class Inbox {
	alerts = $state<Alert[]>([]);
	counts = $state<Counts | null>(null);
	next = $state<string | null>(null);
	trouble = $state<Trouble | null>(null);
	/** When the list was last read whole. */
	readAt = $state<number | null>(null);
	fresh = $state<Alert[]>([]);
	chosen = $state<Set<string>>(new Set());
	/** Grows with each change that was heard: other screens look at it. */
	changes = $state<{ ids: Set<string>; number: number }>({ ids: new Set(), number: 0 });
	filters = $state<Filters>(filtersOf(''));
	#asked = 0;
	#counting = false;

	constructor(private readonly app: App) {}

	/** The rows to show: of a list that could not be read anew, those that fit what is asked for now. */
	get shown(): Alert[] {
		return this.trouble ? this.alerts.filter((each) => this.#fits(each)) : this.alerts;
	}

	get states(): string[] {
		return this.filters.state === 'open' ? OPEN : this.filters.state === 'all' ? [] : [this.filters.state];
	}

	async read(cursor?: string) {
		const turn = ++this.#asked;
		const { project, severity, workflow, text } = this.filters;
		try {
			const answer = await asked(
				this.app.api.GET('/api/alerts', {
					params: {
						query: {
							project_id: project || undefined,
							state: this.states as never,
							severity: (severity ? [severity] : []) as never,
							workflow: workflow || undefined,
							text: text || undefined,
							limit: 50,
							cursor
						}
					}
				})
			);
			if (turn !== this.#asked) return; // somebody has asked for something else meanwhile
			this.alerts = cursor ? [...this.alerts, ...answer.alerts] : answer.alerts;
			this.counts = answer.counts;
			this.next = answer.next;
			this.trouble = null;
			if (!cursor) {
				this.fresh = [];
				this.readAt = Date.now();
			}
		} catch (problem) {
			if (turn === this.#asked) this.trouble = this.app.heed(problem);
		}
	}

	/** Forgets everything: somebody else is there. */
	clear() {
		this.#asked += 1; // what is on its way is not theirs
		this.alerts = [];
		this.fresh = [];
		this.counts = this.next = this.trouble = this.readAt = null;
		this.chosen = new Set();
		this.changes = { ids: new Set(), number: 0 };
	}

	/** What has changed: rows that are shown change where they are; others wait. */
	hear(changed: Alert[]) {
		if (changed.length === 0) return;
		const now = new Map(changed.map((each) => [each.id, each]));
		this.alerts = this.alerts.map((each) => now.get(each.id) ?? each);
		const known = new Set(this.alerts.map((each) => each.id));
		const fresh = new Map(this.fresh.map((each) => [each.id, each]));
		for (const each of changed) {
			if (!known.has(each.id) && this.#fits(each)) fresh.set(each.id, each);
			if (!this.#fits(each)) fresh.delete(each.id);
		}
		this.fresh = [...fresh.values()];
		this.changes = { ids: new Set(now.keys()), number: this.changes.number + 1 };
		if (this.alerts.length === 0 && this.fresh.length && this.readAt !== null) void this.read(); // nothing there to move
		else this.#countSoon();
	}

	/** At most once in a second, however much happens. */
	#countSoon() {
		if (this.#counting) return;
		this.#counting = true;
		setTimeout(() => {
			this.#counting = false;
			void this.count();
		}, 1_000);
	}

	async count() {
		const { project, workflow, text } = this.filters;
		const answer = await this.app.api
			.GET('/api/alerts', { params: { query: { project_id: project || undefined, workflow: workflow || undefined, text: text || undefined, limit: 1 } } })
			.catch(() => null);
		if (answer?.data) this.counts = answer.data.counts;
	}

	#fits(alert: Alert): boolean {
		const { project, severity, workflow, text } = this.filters;
		const states = this.states;
		return (
			(!project || alert.project_id === project) &&
			(states.length === 0 || states.includes(alert.status)) &&
			(!severity || alert.severity === severity) &&
			(!workflow || alert.workflow === workflow) &&
			(!text || `${alert.workflow} ${alert.node_id} ${alert.error}`.toLowerCase().includes(text.toLowerCase()))
		);
	}

	choose(id: string, chosen: boolean) {
		const all = new Set(this.chosen);
		if (chosen) all.add(id);
		else all.delete(id);
		this.chosen = all;
	}

	/** Does it, says what came of it, and offers to take it back where that can be done. */
	async act(act: Act, ids: string[], snooze: Snooze = {}) {
		try {
			const body = { ids, ...snooze } as never;
			const answer = await asked<{ alerts: Acted[] }>(
				this.app.api.POST(`/api/alerts/${act}` as '/api/alerts/acknowledge', { body }) as never
			);
			const first = answer.alerts[0];
			const until = first?.until ? shortly(first.until) : '';
			const said = first?.outcome === 'done' ? words.did[act](until) : (first?.said ?? '');
			const done = answer.alerts.filter((each) => each.outcome === 'done').map((each) => each.alert_id);
			const undo = act !== 'reopen' && done.length ? () => void this.act('reopen', done) : undefined;
			this.app.say(answer.alerts.length === 1 ? said : words.ofThem(done.length, answer.alerts.length, said), undo);
			this.chosen = new Set();
			await this.read();
		} catch (problem) {
			this.app.say(this.app.heed(problem).message);
		}
		this.changes = { ids: new Set(ids), number: this.changes.number + 1 };
	}
}
