export { default as AlertsApp } from './AlertsApp.svelte';
export { default as AlertBell } from './AlertBell.svelte';
export { default as RunAlertBadge } from './RunAlertBadge.svelte';
