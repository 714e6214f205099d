/** Texts of bodies: bounded in characters, well-formed, and without what would break a line of a header or a log. */
import { z } from 'zod';

const wellFormed = (max: number, min = 0) =>
  z
    .string()
    .refine(
      (text) => text.length >= min && text.length <= 2 * max && [...text].length <= max,
      `must be ${min === 0 ? 'at most' : `${min} to`} ${max} characters`,
    )
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');

/** One line or several, for people. */
export const description = (max: number) => wellFormed(max);

export const withoutControls = (max: number, min = 0) =>
  wellFormed(max, min).refine((text) => !/\p{Cc}/u.test(text), 'must be text without control characters');
