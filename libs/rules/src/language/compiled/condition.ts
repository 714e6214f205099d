/** What expressions are compiled to: functions of the slots of a request. */
import type { Value } from '../values.ts';
import type { Slots } from './layout.ts';

export type Condition = (slots: Slots) => boolean;
/** Undefined where the value is missing. */
export type Getter = (slots: Slots) => Value | undefined;
