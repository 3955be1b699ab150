/** Single keys: which screen hears them, and whether they are heard at all (WCAG 2.1.4). */
const STORED = 'meshhook-alerts-keys';
const TYPING = /^(INPUT|TEXTAREA|SELECT)$/;
const PLACES: Record<string, string> = { i: '/', r: '/rules', c: '/channels', q: '/quiet', s: '/settings' };

export class Keys {
	on = $state(read());
	help = $state(false);
	#going = 0;

	constructor(
		private readonly go: (path: string) => void,
		private readonly undo: () => void
	) {}

	turn(on: boolean) {
		this.on = on;
		try {
			localStorage.setItem(STORED, on ? 'on' : 'off');
		} catch {
			// It holds for this page alone then.
		}
	}

	/** What holds on every screen; screens have their own keys beside it. */
	hear(event: KeyboardEvent) {
		if ((event.ctrlKey || event.metaKey) && event.key === 's') {
			const here = document.activeElement?.closest('form') ?? document.querySelector<HTMLFormElement>('.mha main form');
			if (!here) return;
			event.preventDefault();
			here.requestSubmit();
			return;
		}
		const going = this.#isGoing;
		this.#going = 0;
		if (!this.isSingle(event)) return;
		const place = going ? PLACES[event.key] : undefined;
		if (place) this.go(place);
		else if (event.key === 'g') this.#going = Date.now();
		else if (event.key === '?') this.help = true;
		else if (event.key === 'n') this.go('/rules?new');
		else if (event.key === 'u') this.undo();
		else return;
		event.preventDefault();
		event.stopImmediatePropagation();
	}

	get #isGoing(): boolean {
		return Date.now() - this.#going < 1_500;
	}

	/** Whether it is a key by itself: no letter of something that is being typed, and not the second after `g`. */
	isSingle(event: KeyboardEvent): boolean {
		if (!this.on || this.#isGoing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
		const target = event.target as HTMLElement;
		return !TYPING.test(target.tagName) && !target.isContentEditable && !target.closest?.('dialog');
	}
}

function read(): boolean {
	try {
		return localStorage.getItem(STORED) !== 'off';
	} catch {
		return true;
	}
}
