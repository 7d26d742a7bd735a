// Times, lengths and sizes as a person reads them. The time of day, "now", is always passed in.

import { language, t } from './text';

/** Day and month names follow the catalogue's language; region and clock follow the person. */
const locale = pickLocale(typeof navigator === 'undefined' ? [] : navigator.languages);

function pickLocale(wanted: readonly string[]): string {
  return wanted.find((tag) => tag.split('-')[0] === language) ?? 'en-GB';
}

const clockFormat = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const weekdayShort = new Intl.DateTimeFormat(locale, { weekday: 'short' });
const weekdayLong = new Intl.DateTimeFormat(locale, { weekday: 'long' });
const dayMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const dayMonthLong = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const fullDate = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const fullTime = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' });

/** Whole calendar days between two moments, as the person's calendar counts them. */
export function daysBetween(earlier: number, later: number): number {
  const a = new Date(earlier);
  const b = new Date(later);
  const days =
    Date.UTC(b.getFullYear(), b.getMonth(), b.getDate()) -
    Date.UTC(a.getFullYear(), a.getMonth(), a.getDate());
  return Math.round(days / 86_400_000);
}

export function sameDay(a: number, b: number): boolean {
  return daysBetween(a, b) === 0;
}

/** 09:41 */
export function clock(time: number): string {
  return clockFormat.format(time);
}

/** For a tooltip: everything, to the second. */
export function exactly(time: number): string {
  return fullTime.format(time);
}

/** At the end of a row: the clock today, then the day, then the date. */
export function rowTime(time: number, now: number): string {
  const days = daysBetween(time, now);
  if (days <= 0) return clock(time);
  if (days === 1) return t('yesterday');
  if (days < 7) return weekdayShort.format(time);
  return sameYear(time, now) ? dayMonth.format(time) : fullDate.format(time);
}

/** The pill between two days of a thread. */
export function dayName(time: number, now: number): string {
  const days = daysBetween(time, now);
  if (days <= 0) return t('today');
  if (days === 1) return t('yesterday');
  if (days < 7) return weekdayLong.format(time);
  return sameYear(time, now) ? dayMonthLong.format(time) : fullDate.format(time);
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}

/** 0:42, 12:05, 1:02:03 */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = String(seconds % 60).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** 0:07.4, while it is recorded; never ahead of what was said. */
export function recordedTime(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  return `${duration(Math.floor(tenths / 10) * 1000)}.${tenths % 10}`;
}

/** 84 KB; powers of ten, as file managers count. */
export function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  let value = bytes;
  let step = 0;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: step > 1 && value < 10 ? 1 : 0,
  }).format(value);
}

/** 999+, so that a badge never grows beyond its place. */
export function badge(count: number): string {
  return count > 999 ? '999+' : new Intl.NumberFormat(locale).format(count);
}

/** 3,871 */
export function number(value: number): string {
  return new Intl.NumberFormat(locale).format(value);
}
