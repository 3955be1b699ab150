/** Finding the slug in a path. */

/**
 * A function from a path to what stands at the first parameter of `route`, undefined elsewhere.
 * @param {string} route as SvelteKit writes them: `/api/hooks/[slug]`
 * @returns {(pathname: string) => string | undefined}
 */
export function pathPattern(route) {
	const parts = route.split('/').map((part) =>
		/^\[.+\]$/.test(part) ? '([^/]+)' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
	);
	const pattern = new RegExp(`^${parts.join('/')}/?$`);
	return (pathname) => {
		const found = pattern.exec(pathname);
		return found ? decoded(found[1] ?? '') : undefined;
	};
}

/** @param {string} text */
function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
