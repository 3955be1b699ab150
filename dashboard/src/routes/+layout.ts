// What is shown is asked of the API in the reader's browser.
export const ssr = false;
export const prerender = false;
