import { getContext, setContext } from 'svelte';
import { Keys } from './keys.svelte';
import { Trouble, type Api, type Project, type Session } from '../api/client';

export interface Toast {
	id: number;
	text: string;
	undo?: () => void;
}

/** What every screen needs: who is signed in, which projects there are, where to go, what to say. */
export class App {
	session = $state<Session | null>(null);
	projects = $state<Project[]>([]);
	toasts = $state<Toast[]>([]);
	now = $state(Date.now());
	/** Whether a session that was there has ended. */
	ended = $state(false);
	#last = 0;
	readonly keys: Keys;

	constructor(
		readonly api: Api,
		readonly href: (path: string) => string,
		readonly go: (path: string, replace?: boolean) => void
	) {
		this.keys = new Keys(go, () => this.undo());
	}

	say(text: string, undo?: () => void) {
		const id = ++this.#last;
		this.toasts = [...this.toasts, { id, text, undo }];
		setTimeout(() => this.unsay(id), undo ? 10_000 : 5_000);
	}

	unsay(id: number) {
		this.toasts = this.toasts.filter((each) => each.id !== id);
	}

	/** Takes the latest act back that can be. */
	undo() {
		const last = this.toasts.findLast((each) => each.undo);
		if (!last) return;
		this.unsay(last.id);
		last.undo?.();
	}

	/** Looks whether a trouble means that the session is over. */
	heed(problem: unknown): Trouble {
		const trouble =
			problem instanceof Trouble ? problem : new Trouble(0, 'unexpected', String((problem as Error)?.message ?? problem));
		if (trouble.status === 401 && this.session?.signed_in) this.ended = true;
		return trouble;
	}

	project(id: string): Project | undefined {
		return this.projects.find((each) => each.id === id);
	}
}

const KEY = Symbol('alerts');
export const provide = (app: App) => setContext(KEY, app);
export const useApp = () => getContext<App>(KEY);
