// Headless Chromium, one for a test file; each test has a profile of its own.
import { chromium } from 'playwright-core';

const options = {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
export const launch = (args = []) => chromium.launch({ ...options, args: [...options.args, ...args] });

// A browser of its own, with the extension of this folder.
export const launch_with_extension = (folder) =>
  chromium.launchPersistentContext('', {
    ...options,
    args: [...options.args, `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
  });

// A page in a fresh profile, and what it complained of.
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage(),
    complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (problem) => complaints.push(problem.message));
  return { context, page, complaints };
}
