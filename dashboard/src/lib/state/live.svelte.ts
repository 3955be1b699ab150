import type { Alert, Api } from '../api/client';

type Heard = (changed: Alert[]) => void;
type Again = () => void;

const POLL = 15_000;
const SILENCE = 60_000;

/**
 * Follows what changes: our event stream, and where that breaks off, polling until it is back. The browser goes on behind
 * the last event it has (`Last-Event-ID`), so nothing is missed or told twice; `again` asks for the lists to be read anew.
 */
export class Live {
	state = $state<'connecting' | 'live' | 'polling' | 'paused'>('connecting');
	/** When something was last heard, be it that nothing has changed. */
	heardAt = $state(Date.now());
	#source: EventSource | null = null;
	#timer: ReturnType<typeof setInterval> | undefined;

	constructor(
		private readonly api: Api,
		private readonly heard: Heard,
		private readonly again: Again
	) {}

	start() {
		this.stop();
		this.#open();
		this.#timer = setInterval(() => this.#look(), POLL);
		addEventListener('online', this.#wake);
		document.addEventListener('visibilitychange', this.#wake);
	}

	stop() {
		this.#source?.close();
		this.#source = null;
		clearInterval(this.#timer);
		removeEventListener('online', this.#wake);
		document.removeEventListener('visibilitychange', this.#wake);
	}

	#wake = () => {
		if (document.visibilityState !== 'visible') return;
		this.again();
		if (this.state !== 'live') this.#open();
	};

	#open() {
		this.#source?.close();
		if (this.api.getToken) {
			// An event source cannot send a token: whoever embeds us with tokens is served by polling.
			this.state = 'polling';
			return;
		}
		const source = new EventSource(`${this.api.apiBase}/api/alerts/stream`);
		this.#source = source;
		source.onopen = () => this.#hear();
		source.addEventListener('changes', (event) => {
			this.#hear();
			this.heard((JSON.parse(event.data) as { alerts: Alert[] }).alerts);
		});
		source.addEventListener('reload', () => {
			this.#hear();
			this.again();
		});
		source.onerror = () => {
			this.state = 'polling';
		};
	}

	#hear() {
		this.state = 'live';
		this.heardAt = Date.now();
	}

	/** While nothing is heard, the lists are read; a source that has given up is opened again. */
	#look() {
		if (this.state === 'live') {
			if (Date.now() - this.heardAt > SILENCE) this.again();
			return;
		}
		this.again();
		if (this.#source?.readyState === EventSource.CLOSED) this.#open();
	}
}
