import { createParser } from 'eventsource-parser';
import { follow, type Alert, type Api } from '../api/client';

type Heard = (changed: Alert[]) => void;
type Again = () => void;

const POLL = 15_000;
const SILENCE = 60_000;
const SOON = 1_000;

/**
 * Follows what changes: our event stream, and where that breaks off, polling until it is back. It goes on behind the last
 * event it has (`Last-Event-ID`), so nothing is missed or told twice; `again` asks for the lists to be read anew. The
 * stream is fetched, not an `EventSource`: only so can a host's token go with it.
 */
export class Live {
	state = $state<'connecting' | 'live' | 'polling' | 'paused'>('connecting');
	/** When something was last heard, be it that nothing has changed. */
	heardAt = $state(Date.now());
	#abort: AbortController | null = null;
	#last = '';
	#timer: ReturnType<typeof setInterval> | undefined;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#wait = SOON;

	constructor(
		private readonly api: Api,
		private readonly heard: Heard,
		private readonly again: Again
	) {}

	start() {
		this.stop();
		void this.#follow();
		this.#timer = setInterval(() => this.#look(), POLL);
		addEventListener('online', this.#wake);
		document.addEventListener('visibilitychange', this.#wake);
	}

	stop() {
		this.#abort?.abort();
		this.#abort = null;
		clearInterval(this.#timer);
		clearTimeout(this.#retry);
		removeEventListener('online', this.#wake);
		document.removeEventListener('visibilitychange', this.#wake);
	}

	#wake = () => {
		if (document.visibilityState !== 'visible') return;
		this.again();
		if (this.state !== 'live') void this.#follow();
	};

	async #follow() {
		clearTimeout(this.#retry);
		this.#abort?.abort();
		const abort = (this.#abort = new AbortController());
		try {
			const coming = await follow(this.api, this.#last, abort.signal);
			this.#hear();
			const parser = createParser({ onEvent: (event) => this.#take(event.event, event.id, event.data), onComment: () => this.#hear() });
			for await (const text of coming) parser.feed(text);
		} catch {
			// Polling goes on until it is back.
		}
		if (abort !== this.#abort) return;
		this.state = 'polling';
		this.#retry = setTimeout(() => void this.#follow(), this.#wait);
		this.#wait = Math.min(POLL, this.#wait * 2);
	}

	#take(what: string | undefined, id: string | undefined, data: string) {
		this.#hear();
		if (id) this.#last = id;
		if (what === 'changes') this.heard((JSON.parse(data) as { alerts: Alert[] }).alerts);
		else if (what === 'reload') this.again();
	}

	#hear() {
		this.#wait = SOON;
		this.state = 'live';
		this.heardAt = Date.now();
	}

	/** While nothing is heard, the lists are read; a stream that has fallen silent is opened anew. */
	#look() {
		const silent = Date.now() - this.heardAt > SILENCE;
		if (this.state === 'live' && !silent) return;
		this.again();
		if (silent && this.state === 'live') void this.#follow();
	}
}
