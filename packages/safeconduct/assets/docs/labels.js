/** Names for what Swagger UI leaves without one: a reader that speaks the page says what each control is for. */

/** Keeps names on everything below `root`, whenever something is drawn. */
export function keepNamed(root) {
  const name = () => {
    for (const [selector, nameOf] of names)
      for (const element of root.querySelectorAll(`${selector}:not([aria-label])`)) element.setAttribute('aria-label', nameOf(element));
  };
  new MutationObserver(name).observe(root, { childList: true, subtree: true });
  name();
}

const names = [
  ['select#servers', () => 'Server'],
  ['.body-param__text', () => 'Request body'],
  ['.model-box-control', ({ textContent }) => textContent.trim() || 'Show or hide this schema'],
  ['table.responses-table[role="region"]', (table) => `Responses of ${operationOf(table)}`],
  [
    'tr:is([data-param-name], [data-property-name]) :is(input, select, textarea)',
    (control) => {
      const { paramName, propertyName } = control.closest('tr').dataset;
      return paramName ?? propertyName;
    },
  ],
];

function operationOf(element) {
  const summary = element.closest('.opblock')?.querySelector('.opblock-summary-control');
  const text = (part) => summary?.querySelector(part)?.textContent ?? '';
  return `${text('.opblock-summary-method')} ${text('[data-path]')}`;
}
