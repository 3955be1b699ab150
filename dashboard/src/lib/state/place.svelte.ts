import { asked, type Settings, type Trouble } from '../api/client';
import { words } from '../words';
import type { App } from './app.svelte';

/** The settings of one place, a project or one of its workflows: read, and changed piece by piece. */
export class Place {
	projectId = $state('');
	workflow = $state('');
	settings = $state<Settings | null>(null);
	trouble = $state<Trouble | null>(null);
	/** Why the last change was refused. */
	refusal = $state<Trouble | null>(null);
	busy = $state(false);
	readAt = $state<number | null>(null);

	constructor(
		private readonly app: App,
		workflow = ''
	) {
		this.projectId = app.projects[0]?.id ?? '';
		this.workflow = workflow;
	}

	get mayEdit(): boolean {
		return this.app.project(this.projectId)?.may_edit ?? false;
	}

	/** What this place says itself. */
	get own(): Record<string, unknown> {
		return (this.settings?.document ?? {}) as Record<string, unknown>;
	}

	get channels(): string[] {
		return this.settings?.channels.map((each) => each.name) ?? [];
	}

	async read() {
		if (!this.projectId) return;
		const { projectId: project_id, workflow } = this;
		const elsewhere = this.settings && (this.settings.project_id !== project_id || (this.settings.workflow ?? '') !== workflow);
		if (elsewhere) this.settings = null;
		try {
			const found = workflow
				? await asked(this.app.api.GET('/api/alerts/settings/{project_id}/{workflow}', { params: { path: { project_id, workflow } } }))
				: await asked(this.app.api.GET('/api/alerts/settings/{project_id}', { params: { path: { project_id } } }));
			if (project_id !== this.projectId || workflow !== this.workflow) return; // somebody has gone elsewhere meanwhile
			this.settings = found;
			this.readAt = Date.now();
			this.trouble = null;
		} catch (problem) {
			this.trouble = this.app.heed(problem);
		}
	}

	/** Merges a change into the place; whether it was taken. */
	async save(change: Record<string, unknown>): Promise<boolean> {
		this.busy = true;
		try {
			const body = { project_id: this.projectId, ...(this.workflow ? { workflow: this.workflow } : {}), ...change } as never;
			const saved = await asked(this.app.api.POST('/api/alerts/settings', { body }));
			this.settings = saved;
			this.refusal = null;
			this.app.say(saved.warnings[0]?.message ?? words.saved);
			return true;
		} catch (problem) {
			this.refusal = this.app.heed(problem);
			return false;
		} finally {
			this.busy = false;
		}
	}
}
