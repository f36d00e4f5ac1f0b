import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SettingsError, settingsFrom } from './settings.ts';

describe('the settings', () => {
  it('needs none', () => {
    const { url, port, issuer, model, databaseUrl } = settingsFrom({});
    assert.deepEqual(
      [url, port, issuer, model.provider, databaseUrl],
      ['http://localhost:3000', 3000, 'http://localhost:8080', 'scripted', undefined],
    );
  });

  it('takes the port into the address, and the address without its slash', () => {
    assert.equal(settingsFrom({ PORT: '3100' }).url, 'http://localhost:3100');
    const behindProxy = settingsFrom({ SHOP_URL: 'https://shop.example/', PORT: '3100' });
    assert.deepEqual([behindProxy.url, behindProxy.port], ['https://shop.example', 3100]);
  });

  it('chooses the model by the names that the providers use', () => {
    const chosen = (environment: Record<string, string>) => settingsFrom(environment).model;
    assert.equal(chosen({ OPENAI_API_KEY: 'k' }).provider, 'openai');
    assert.deepEqual(chosen({ OPENAI_BASE_URL: 'http://localhost:11434/v1/', MODEL: 'small' }), {
      provider: 'compatible',
      baseUrl: 'http://localhost:11434/v1',
      model: 'small',
    });
    assert.deepEqual(
      chosen({ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com/', AZURE_OPENAI_DEPLOYMENT: 'chat' }),
      {
        provider: 'azure',
        apiKey: 'k',
        baseUrl: 'https://mine.openai.azure.com/openai',
        model: 'chat',
      },
    );
  });

  const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ PORT: 'eighty' }, /PORT is "eighty"/],
    [{ SHOP_URL: 'shop' }, /SHOP_URL/],
    [{ SHOP_URL: 'http://localhost:3000/shop' }, /SHOP_URL has a path.*such as http:\/\/localhost:3000$/],
    [{ SHOP_URL: 'http://ada:hush@localhost:3000' }, /^(?!.*hush)SHOP_URL has a path or a user name/],
    [{ SHOP_DATABASE_URL: 'mysql://x' }, /^SHOP_DATABASE_URL/],
    [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL/],
    [{ OPENAI_BASE_URL: 'nowhere', MODEL: 'm' }, /OPENAI_BASE_URL is "nowhere".*such as http:\/\/localhost:11434\/v1/],
    [{ SHOP_SECRET: 'short' }, /SHOP_SECRET/],
    [{ CALENDAR_URL: 'calendar' }, /^CALENDAR_URL is "calendar".*such as http:\/\/localhost:4000/],
    [{ CALENDAR_URL: 'http://localhost:4000/x' }, /^CALENDAR_URL has a path/],
    [{ OPENAI_BASE_URL: 'http://localhost:1/v1' }, /MODEL/],
    [{ AZURE_OPENAI_API_KEY: 'k' }, /AZURE_OPENAI_ENDPOINT/],
    [{ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com' }, /AZURE_OPENAI_DEPLOYMENT/],
    [{ SHOP_SCRIPT_PAUSE: 'long' }, /SHOP_SCRIPT_PAUSE/],
  ];
  for (const [environment, names] of wrong) {
    it(`refuses ${JSON.stringify(environment)} and names the setting`, () => {
      assert.throws(
        () => settingsFrom(environment),
        (error) => error instanceof SettingsError && names.test(error.message),
      );
    });
  }

  it('R-146 writes no secret into an error', () => {
    assert.throws(
      () => settingsFrom({ SHOP_SECRET: 'hush-hush', PORT: '1' }),
      (error) => error instanceof Error && !error.message.includes('hush'),
    );
  });
});
