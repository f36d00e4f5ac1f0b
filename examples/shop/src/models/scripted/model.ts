import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { streamOf } from '../../streams.ts';
import { type CallOptions, type Model, readPrompt } from './conversation.ts';
import { replyTo } from './reply.ts';
import { type Plan, understand } from './understand.ts';

type StreamPart = Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;
type Finish = Extract<StreamPart, { type: 'finish' }>;

const usage: Finish['usage'] = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
};

/**
 * A stand-in for a language model: a few dozen rules that know the demo conversation.
 * It speaks the same interface as a model, so everything behind it (tools, identity, database) is the real thing.
 */
export function scriptedModel({ pause }: { pause: number }): Model {
  return {
    specificationVersion: 'v4',
    provider: 'safeconduct-demo',
    modelId: 'scripted-stand-in',
    supportedUrls: {},
    async doGenerate(options) {
      const plan = planFor(options);
      return {
        content: 'say' in plan ? [{ type: 'text', text: plan.say }] : [callOf(plan)],
        finishReason: finishOf(plan),
        usage,
        warnings: [],
      };
    },
    async doStream(options) {
      return { stream: streamOf(spoken(planFor(options), pause, options.abortSignal)) };
    },
  };
}

function planFor({ prompt }: CallOptions): Plan {
  const conversation = readPrompt(prompt);
  const last = conversation.results.at(-1);
  return last === undefined ? understand(conversation) : { say: replyTo(last, conversation.said) };
}

async function* spoken(plan: Plan, pause: number, signal: AbortSignal | undefined): AsyncGenerator<StreamPart> {
  yield { type: 'stream-start', warnings: [] };
  if ('say' in plan) {
    yield { type: 'text-start', id: '1' };
    for (const delta of plan.say.match(/\S+\s*/g) ?? []) {
      if (pause > 0) await sleep(pause, undefined, { ...(signal ? { signal } : {}) });
      yield { type: 'text-delta', id: '1', delta };
    }
    yield { type: 'text-end', id: '1' };
  } else {
    yield callOf(plan);
  }
  yield { type: 'finish', finishReason: finishOf(plan), usage };
}

function callOf({ tool, input }: Extract<Plan, { tool: string }>) {
  return { type: 'tool-call' as const, toolCallId: randomUUID(), toolName: tool, input: JSON.stringify(input) };
}

function finishOf(plan: Plan): Finish['finishReason'] {
  return { unified: 'say' in plan ? 'stop' : 'tool-calls', raw: undefined };
}
