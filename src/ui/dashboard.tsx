import { render } from 'preact';
import { startClock } from './clock.js';
import { live } from './live.js';
import { followAddress } from './page-address.js';
import { Shell } from './shell.js';
import { followKeys } from './shortcuts.js';
import { followTheme } from './theme.js';
import './dashboard.css';

followTheme();
followAddress();
followKeys();
startClock();
// The daemon makes the state ready while the page is drawn for the first time.
const followed = live.start();
const place = document.getElementById('app');
if (place) render(<Shell />, place);
await followed;
