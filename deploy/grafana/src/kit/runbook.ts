/** Where a panel sends who wants to know what to do: a section of docs/operations.md, named by its heading. */
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

/**
 * The value of the hidden variable `runbook`, as alerts name it too: a path in this repository, as nobody but who installs
 * it knows where people read it. The chart's `monitoring.runbookUrl` puts an address in its place.
 */
export const runbookUrl = 'docs/operations.md';

/** As GitHub makes anchors of headings. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

export const runbookLink = (heading: string): DashboardLinkBuilder =>
  link(`Runbook: ${heading}`, `\${runbook}#${anchorOf(heading)}`);

/** To another dashboard of ours, with the range of time kept. */
export const boardLink = (title: string, uid: string): DashboardLinkBuilder =>
  link(title, `/d/${uid}?\${__url_time_range}`);

const link = (title: string, url: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true);
