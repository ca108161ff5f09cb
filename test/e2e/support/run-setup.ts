import { ownWorkspaces, removeOwnWorkspaces } from './workspace.js';

/** For Vitest: engines that test files share end with the run. */
export default function setUp(): () => Promise<void> {
  ownWorkspaces();
  return removeOwnWorkspaces;
}
