/** The package in a page that is not ours: what an embedding host does, and no more. */
import { mount } from 'svelte';
import { AlertBell, AlertsApp, RunAlertBadge } from '../src/lib';
import Host from './Host.svelte';

const given = new URLSearchParams(location.search);
if (given.has('token')) sessionStorage.setItem('token', given.get('token') ?? '');
if (given.has('run')) sessionStorage.setItem('run', given.get('run') ?? '');
history.replaceState(null, '', location.pathname);
const getToken = () => sessionStorage.getItem('token');
const at = (id: string) => document.getElementById(id) as HTMLElement;

mount(AlertBell, { target: at('bell'), props: { apiBase: '', getToken } });
const run = sessionStorage.getItem('run');
if (run) mount(RunAlertBadge, { target: at('badge'), props: { apiBase: '', getToken, runId: run } });
mount(Host, { target: at('alerts'), props: { App: AlertsApp, getToken } });
