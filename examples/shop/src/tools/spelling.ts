/** How rows are spelled for people. */
const money = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

const states: Readonly<Record<string, string>> = {
  placed: 'Placed',
  packed: 'Packed',
  shipped: 'On its way',
  delivered: 'Delivered',
  cancelled: 'Cancelled',
  returned: 'Returned',
};

export function euros(cents: number): string {
  return money.format(cents / 100);
}

/** `12 Nov`, from an ISO date or instant; a dash when there is none. */
export function onDay(date: string | null): string {
  return date === null ? '–' : dayAndMonth.format(new Date(date));
}

export function stateName(status: string): string {
  return states[status] ?? status;
}
