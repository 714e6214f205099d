/** The dashboards as Grafana gets them: the files, and in them every query. */
import { globSync, readFileSync } from 'node:fs';
import { root } from '@precede/testkit';

export interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly format?: string | number;
  readonly rawSql?: string;
  readonly queryType?: string;
}

export interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly Target[];
  readonly transformations?: readonly { readonly id: string; readonly options: Record<string, unknown> }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly displayName?: string };
    readonly overrides: readonly { readonly matcher: { readonly options: string } }[];
  };
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string; readonly rawSql?: string };
  readonly current?: { readonly value: string | readonly string[] };
  readonly allValue?: string;
}

interface Annotation {
  readonly name: string;
  readonly expr?: string;
  readonly target: Target;
}

export interface Board {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list?: readonly Annotation[] };
}

const files = globSync('deploy/helm/precede/files/dashboards/*.json', { cwd: root }).toSorted();

export const boards: readonly Board[] = files.map(
  (file) => JSON.parse(readFileSync(`${root}${file}`, 'utf8')) as Board,
);

/** One query, and where it stands. */
export interface Asked {
  readonly where: string;
  readonly panel: Pick<Panel, 'title' | 'type' | 'transformations' | 'fieldConfig'>;
  readonly target: Target;
}

/** Those of panels, and the marks over them. */
export const asked = (board: Board): readonly Asked[] => [
  ...board.panels.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      where: `${board.uid}, ${panel.title}, ${target.refId}`,
      panel,
      target,
    })),
  ),
  ...(board.annotations.list ?? []).map(({ name, target }) => ({
    where: `${board.uid}, mark ${name}`,
    panel: { title: name, type: 'mark' },
    target,
  })),
];
