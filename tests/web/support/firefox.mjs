// Headless Firefox over WebDriver BiDi.
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

export function launch() {
  const executablePath = process.env.FIREFOX || '/usr/bin/firefox-esr';
  if (!existsSync(executablePath))
    throw new Error(
      `Firefox is missing: there is no ${executablePath}; install the package firefox-esr (tools/setup does) or set FIREFOX`,
    );
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
}
