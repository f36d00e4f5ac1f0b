import { createAzure } from '@ai-sdk/azure';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import type { ModelSettings } from '../settings.ts';
import { scriptedModel } from './scripted/model.ts';

/** The model that answers, and how the pages name it. */
export interface ChosenModel {
  readonly model: LanguageModel;
  /** Stands beside the composer, always in view. */
  readonly label: string;
  /** True for the stand-in: it is marked as a caution. */
  readonly scripted: boolean;
}

/** Makes the model that the settings name. Without a key: the scripted stand-in, which says that it is one. */
export function chooseModel(settings: ModelSettings): ChosenModel {
  switch (settings.provider) {
    case 'azure': {
      const { apiKey, resourceName, baseUrl, apiVersion, model } = settings;
      const azure = createAzure({
        apiKey,
        ...(resourceName === undefined ? {} : { resourceName }),
        ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
        ...(apiVersion === undefined ? {} : { apiVersion, useDeploymentBasedUrls: true }),
      });
      return { model: azure.chat(model), label: `${model} on Azure OpenAI`, scripted: false };
    }
    case 'openai':
      return {
        model: createOpenAI({ apiKey: settings.apiKey }).chat(settings.model),
        label: `${settings.model} by OpenAI`,
        scripted: false,
      };
    case 'compatible': {
      const { apiKey, baseUrl, model } = settings;
      const provider = createOpenAICompatible({ name: 'compatible', baseURL: baseUrl, ...(apiKey === undefined ? {} : { apiKey }) });
      return { model: provider.chatModel(model), label: `${model} at ${new URL(baseUrl).host}`, scripted: false };
    }
    case 'scripted':
      return { model: scriptedModel({ pause: settings.pause }), label: 'Scripted stand-in, no language model', scripted: true };
  }
}
