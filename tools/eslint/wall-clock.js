// The wall clock is for stamps that are shown or stored. Intervals (repairs, drains, retries) are counted by a clock that
// only grows, `performance.now()`: when somebody sets the host's clock back, a wait by the wall clock lasts for hours.

/** What may hold the wall clock's time, or the clock itself. */
const STAMP = /^#?(clock|at|asOf|\w+At)$/;
const ORDERED = new Set(['+', '-', '<', '>', '<=', '>=']);

/** @returns {string} the name of what is read, called or written; '' when it has none */
function nameOf(node) {
  switch (node?.type) {
    case 'Identifier':
    case 'PrivateIdentifier':
      return node.name;
    case 'MemberExpression':
      return node.computed ? '' : nameOf(node.property);
    default:
      return '';
  }
}

/** @returns {string} the name of what takes the value of an expression; '' when nothing with a name does */
function takerOf(node) {
  const { parent } = node;
  switch (parent.type) {
    case 'CallExpression':
      return parent.callee === node ? takerOf(parent) : '';
    case 'LogicalExpression':
    case 'ConditionalExpression':
      return takerOf(parent);
    case 'VariableDeclarator':
      return nameOf(parent.id);
    case 'AssignmentPattern':
    case 'AssignmentExpression':
      return nameOf(parent.left);
    case 'Property':
    case 'PropertyDefinition':
      return nameOf(parent.key);
    default:
      return '';
  }
}

/** @type {import('eslint').Rule.RuleModule} */
export const wallClockRule = {
  meta: {
    type: 'problem',
    docs: { description: 'count intervals by a clock that only grows' },
    schema: [],
    messages: {
      stamp:
        'the wall clock may be set back: intervals take performance.now(); a stamp that is shown or stored goes into "at", "asOf", "...At" or "clock"',
      interval:
        'the wall clock may be set back: count this interval by performance.now(), or by the "now" of an Instant (net/instant.ts)',
    },
  },
  create(context) {
    return {
      MemberExpression(node) {
        if (nameOf(node.object) !== 'Date' || nameOf(node) !== 'now') return;
        if (!STAMP.test(takerOf(node))) context.report({ node, messageId: 'stamp' });
      },
      NewExpression(node) {
        if (nameOf(node.callee) !== 'Date' || node.arguments.length > 0) return;
        // As text it can only be shown.
        if (node.parent.type === 'MemberExpression' && nameOf(node.parent) === 'toISOString') return;
        if (!STAMP.test(takerOf(node))) context.report({ node, messageId: 'stamp' });
      },
      BinaryExpression(node) {
        if (!ORDERED.has(node.operator)) return;
        const isClock = (side) => side.type === 'CallExpression' && /^#?clock$/.test(nameOf(side.callee));
        if ([node.left, node.right].some(isClock)) context.report({ node, messageId: 'interval' });
      },
    };
  },
};
