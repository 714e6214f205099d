/**
 * Sets of code points by property, `\p{…}`. The runtime's own tables answer: all code points stand in one text, in order, and a
 * regular expression finds the runs that have the property. Names are matched loosely (UAX #44, UAX44-LM3). Each set is made
 * once, when first asked for.
 */
import { lastScalar, negate, type Ranges, rangesOf } from './ranges.ts';

/** As the runtime spells them, long and short. */
const binaryNames = `ASCII_Hex_Digit AHex Alphabetic Alpha Bidi_Control Bidi_C Bidi_Mirrored Bidi_M Case_Ignorable CI Cased
Changes_When_Casefolded CWCF Changes_When_Casemapped CWCM Changes_When_Lowercased CWL Changes_When_Titlecased CWT Changes_When_Uppercased CWU Dash Default_Ignorable_Code_Point DI Deprecated Dep Diacritic Dia Emoji
Emoji_Component EComp Emoji_Modifier EMod Emoji_Modifier_Base EBase Emoji_Presentation EPres Extended_Pictographic ExtPict
Extender Ext Grapheme_Base Gr_Base Grapheme_Extend Gr_Ext Hex_Digit Hex IDS_Binary_Operator IDSB IDS_Trinary_Operator IDST
ID_Continue IDC ID_Start IDS Ideographic Ideo Join_Control Join_C Logical_Order_Exception LOE Lowercase Lower Math
Noncharacter_Code_Point NChar Pattern_Syntax Pat_Syn Pattern_White_Space Pat_WS Quotation_Mark QMark Radical
Regional_Indicator RI Sentence_Terminal STerm Soft_Dotted SD Terminal_Punctuation Term Unified_Ideograph UIdeo Uppercase Upper
Variation_Selector VS White_Space space XID_Continue XIDC XID_Start XIDS`;

const categoryNames = `C Other Cc Control cntrl Cf Format Cn Unassigned Co Private_Use L Letter LC Cased_Letter Ll
Lowercase_Letter Lm Modifier_Letter Lo Other_Letter Lt Titlecase_Letter Lu Uppercase_Letter M Mark Combining_Mark Mc
Spacing_Mark Me Enclosing_Mark Mn Nonspacing_Mark N Number Nd Decimal_Number digit Nl Letter_Number No Other_Number P
Punctuation punct Pc Connector_Punctuation Pd Dash_Punctuation Pe Close_Punctuation Pf Final_Punctuation Pi
Initial_Punctuation Po Other_Punctuation Ps Open_Punctuation S Symbol Sc Currency_Symbol Sk Modifier_Symbol Sm Math_Symbol So
Other_Symbol Z Separator Zl Line_Separator Zp Paragraph_Separator Zs Space_Separator Any Assigned ASCII`;

/** The others are one word with a capital in front. */
const scriptNames = `Anatolian_Hieroglyphs Bassa_Vah Canadian_Aboriginal Caucasian_Albanian Cypro_Minoan Dives_Akuru
Egyptian_Hieroglyphs Gunjala_Gondi Gurung_Khema Hanifi_Rohingya Imperial_Aramaic Inscriptional_Pahlavi Inscriptional_Parthian
Kayah_Li Khitan_Small_Script Kirat_Rai Linear_A Linear_B Masaram_Gondi Meetei_Mayek Mende_Kikakui Meroitic_Cursive
Meroitic_Hieroglyphs Nag_Mundari New_Tai_Lue Nyiakeng_Puachue_Hmong Ol_Chiki Ol_Onal Old_Hungarian Old_Italic
Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Pahawh_Hmong Pau_Cin_Hau Phags_Pa
Psalter_Pahlavi SignWriting Sora_Sompeng Syloti_Nagri Tai_Le Tai_Tham Tai_Viet Tulu_Tigalari Warang_Citi Zanabazar_Square`;

/** No code point has these; a class of them would be a mistake. */
const emptyScripts = new Set(['Hrkt', 'Katakanaorhiragana', 'Zzzz', 'Unknown']);

const byLooseName = (names: string): ReadonlyMap<string, string> =>
  new Map(names.split(/\s+/).map((name) => [name.toLowerCase().replaceAll('_', ''), name]));

const binaries = byLooseName(binaryNames);
const categories = byLooseName(categoryNames);
const scripts = byLooseName(scriptNames);
const valued = byLooseName('General_Category gc Script sc Script_Extensions scx');

/** Without spaces, hyphens, underscores, anything beyond ASCII and a leading "is". */
const looseNameOf = (name: string): string => {
  const hasIs = /^is/i.test(name);
  const loose = (hasIs ? name.slice(2) : name).replace(/[ _\-\u{80}-\u{10ffff}]/gu, '').toLowerCase();
  return hasIs && loose === 'c' ? 'isc' : loose;
};

/** The code points of `\p{name}` or `\p{name=value}`; undefined if there is no such property. */
export const propertySet = (name: string, value?: string): Ranges | undefined => {
  const expression =
    value === undefined
      ? expressionOf(looseNameOf(name))
      : valuedExpressionOf(looseNameOf(name), looseNameOf(value));
  return expression === undefined ? undefined : setOf(`\\p{${expression}}`);
};

const expressionOf = (name: string): string | undefined =>
  binaries.get(name === 'wspace' ? 'space' : name) ??
  categories.get(name) ??
  scriptExpression('Script', name);

const valuedExpressionOf = (property: string, value: string): string | undefined => {
  const known = valued.get(property);
  if (known === undefined) return undefined;
  if (known === 'gc' || known === 'General_Category') return categories.get(value);
  return scriptExpression(known, value);
};

const scriptExpression = (property: string, value: string): string | undefined => {
  const word = value.slice(0, 1).toUpperCase() + value.slice(1);
  return /^\w+$/.test(word) && !emptyScripts.has(word)
    ? `${property}=${scripts.get(value) ?? word}`
    : undefined;
};

const wordClass = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;

/** Of `\d`, `\s` and `\w` with Unicode on (UTS #18, Annex C). */
export const unicodeDigits = (): Ranges => setOf(String.raw`\p{Nd}`) as Ranges;
export const unicodeSpaces = (): Ranges => setOf(String.raw`\p{White_Space}`) as Ranges;
export const unicodeWords = (): Ranges => setOf(wordClass) as Ranges;

const complements = new WeakMap<Ranges, Ranges>();

/** All code points but those of the set; remembered as long as the set is. */
export const complementOf = (set: Ranges): Ranges => {
  const known = complements.get(set);
  if (known !== undefined) return known;
  const made = negate(set, lastScalar);
  complements.set(set, made);
  return made;
};

/** Every letter that has another case. */
export const casedLetters = (): Ranges =>
  setOf(String.raw`[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]`) as Ranges;

/** Bounded by what properties there are. */
const sets = new Map<string, Ranges>();

const setOf = (expression: string): Ranges | undefined => {
  const known = sets.get(expression);
  if (known !== undefined) return known;
  const runs = runsExpression(expression);
  if (runs === undefined) return undefined;
  const set = readRuns(runs);
  sets.set(expression, set);
  return set;
};

const runsExpression = (expression: string): RegExp | undefined => {
  try {
    return new RegExp(`${expression}+`, 'gu');
  } catch {
    // There is no other way to ask whether the runtime knows a property, and nothing else that could be wrong.
    return undefined;
  }
};

const readRuns = (runs: RegExp): Ranges => {
  const pairs: number[] = [];
  for (const { 0: run } of scalarText().matchAll(runs))
    pairs.push(run.codePointAt(0) as number, run.codePointAt(lastStart(run)) as number);
  return rangesOf(pairs);
};

const lastStart = (run: string): number =>
  (run.charCodeAt(run.length - 1) & 0xfc00) === 0xdc00 ? run.length - 2 : run.length - 1;

let allScalars: string | undefined;

/** Every code point but the surrogates, ascending: 4 MB, made when the first property is asked for. */
const scalarText = (): string => {
  allScalars ??= makeScalarText();
  return allScalars;
};

const makeScalarText = (): string => {
  const units = new Uint16Array(0xf800 + 2 * 0x100000);
  let size = 0;
  for (let unit = 0; unit <= 0xffff; unit++) if (unit < 0xd800 || unit > 0xdfff) units[size++] = unit;
  for (let high = 0xd800; high < 0xdc00; high++)
    for (let low = 0xdc00; low < 0xe000; low++) {
      units[size++] = high;
      units[size++] = low;
    }
  const chunk = 0x1000;
  const parts: string[] = [];
  for (let i = 0; i < size; i += chunk) parts.push(String.fromCharCode(...units.subarray(i, i + chunk)));
  return parts.join('');
};
