import { asked } from '../api/client';
import type { App } from './app.svelte';

export interface Kind {
	name: string;
	title: string;
	default_on: boolean;
}

let known: Promise<Kind[]> | null = null;

/** The closed list of what can fail; asked for once. */
export function kindsOf(app: App): Promise<Kind[]> {
	known ??= asked(app.api.GET('/api/alerts/kinds')) as Promise<Kind[]>;
	known.catch(() => (known = null));
	return known;
}
