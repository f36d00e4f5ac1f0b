/** Sending a browser to a third party after a form was posted. */
import { leavePage } from '../pages/leave.ts';
import { answerPage, type Desk, type FlowContext } from './desk.ts';

/** Where a browser is sent. */
export interface Destination {
  readonly url: URL;
  /** What people call it. */
  readonly name: string;
}

/**
 * Answers a post with a page that leads on by itself. A redirect would do if `form-action` let it: browsers hold the redirect
 * of a post against that policy, and where a third party's sign-in page is, is not known before its metadata was read.
 */
export function leaveFor(desk: Pick<Desk, 'issuer' | 'frame'>, c: FlowContext, { url, name }: Destination): Response {
  c.header('refresh', `0; url=${url.href}`);
  return answerPage(desk, c, leavePage(desk.frame, { url, name }));
}
