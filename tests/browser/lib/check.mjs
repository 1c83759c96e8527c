/** Fails the journey with a reason that a person understands. */
export function check(holds, reason) {
  if (!holds) throw new Error(reason);
}

export const equal = (found, wanted, what) => check(found === wanted, `${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);

/** Asks again until it holds. */
export async function until(holds, reason, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${reason} (${ms / 1000} s)`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Waits until the page says it. */
export const says = (page, text, where = 'main') =>
  page.locator(where).getByText(text).first().waitFor().catch(() => {
    throw new Error(`${new URL(page.url()).pathname} does not say ${text}`);
  });

/** Signs in by the page, as a person does. */
export async function signIn(page, origin, { email, password }) {
  await page.goto(`${origin}/entrar`);
  await page.getByLabel('Correo').fill(email);
  await page.getByLabel('Clave').fill(password);
  await page.getByRole('button', { name: 'Entrar' }).click();
  await page.waitForURL((url) => url.pathname !== '/entrar').catch(async () => {
    throw new Error(`${email} could not sign in: ${(await page.locator('main').innerText()).slice(0, 200)}`);
  });
}
