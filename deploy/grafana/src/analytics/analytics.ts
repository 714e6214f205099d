/** Analytics: what clients do, for the API security engineer and the analyst; on ClickHouse alone. */
import { board } from '../kit/board.ts';
import { changeMarks, changes } from './changes.ts';
import { decisions } from './decisions.ts';
import { now } from './now.ts';
import { sequences } from './sequences.ts';
import { journeys, sessions } from './sessions.ts';
import { variables } from './variables.ts';

export const analytics = board({
  uid: 'precede-analytics',
  title: 'Precede / Analytics',
  says: 'The sequences of a zone, what its rules deny, its strangest sessions and journeys. One zone at a time; the queries are in docs/analytics.md to go on from.',
  variables: variables(),
  marks: [changeMarks()],
  from: 'now-24h',
  refresh: '5m',
  sections: [
    { panels: now },
    { title: 'Sequences', panels: sequences },
    { title: 'Decisions', panels: decisions },
    { title: 'Strange sessions', panels: sessions },
    { title: 'Journeys', panels: journeys },
    { title: 'Changes', panels: changes },
  ],
});
