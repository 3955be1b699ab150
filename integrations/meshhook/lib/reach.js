/** Whether the service can be reached: how long to wait for it, and saying so once, not each time. */

export class Reach {
	/** @type {'ok' | 'away' | 'off'} */
	state = 'ok';
	/** @type {string | null} What went wrong last; holds no secret and no address. */
	problem = null;
	/** Milliseconds until the next try; 0 while all is well. */
	backoff = 0;
	#firstMs;
	#mostMs;
	#log;

	/** @param {{flushMs: number, maxBackoffMs: number, log: (text: string) => void}} options */
	constructor({ flushMs, maxBackoffMs, log }) {
		this.#firstMs = flushMs;
		this.#mostMs = maxBackoffMs;
		this.#log = log;
	}

	/** @param {string} why */
	switchOff(why) {
		this.state = 'off';
		this.problem = why;
		this.#say(`nothing is reported: ${why}`);
	}

	/**
	 * @param {string} why
	 * @param {number} retryAfter ms, if the service said
	 */
	failed(why, retryAfter) {
		const doubled = Math.max(this.#firstMs, this.backoff * 2, retryAfter);
		this.backoff = Math.min(this.#mostMs, doubled * (0.8 + 0.4 * Math.random()));
		this.problem = why;
		if (this.state === 'ok') this.#say(`the service cannot be used (${why}); reports are kept`);
		this.state = 'away';
	}

	answered() {
		if (this.state === 'away') {
			this.#say('the service is back');
			this.problem = null;
		}
		this.state = 'ok';
		this.backoff = 0;
	}

	/** @param {string} why some reports will never be taken */
	refused(why) {
		if (!this.problem) this.#say(`reports were refused: ${why}`);
		this.problem = why;
	}

	/** @param {string} text */
	#say(text) {
		try {
			this.#log(`MeshHook Alerts: ${text}`);
		} catch {
			// a log that fails is no reason to fail
		}
	}
}
