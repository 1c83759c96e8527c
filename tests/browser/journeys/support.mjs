// A lost password, from signed out to signed in: two proofs by two people, and nobody sees a password.
import { check, equal, says, signIn, until } from '../lib/check.mjs';

const TOWN = 'chipaque-cundinamarca';

export async function support({ platform, people, js }) {
  const at = (address) => platform.url(TOWN, address);
  const desk = (address) => platform.url('soporte', address);
  const lost = platform.account(js ? 'editor' : 'official', TOWN);

  // The answer is the same for an account and for nobody.
  const person = await people.open({ js, phone: true });
  const cry = async (email) => {
    await person.goto(at('/entrar'));
    await person.getByRole('link', { name: 'No puedo entrar' }).click();
    await person.getByLabel('Correo de su cuenta').fill(email);
    await person.getByLabel('Qué pasó').fill('Olvidé la clave después del puente.');
    await person.getByRole('button', { name: 'Pedir ayuda' }).click();
    await says(person, 'Recibimos su solicitud');
    return person.locator('main').innerText();
  };
  const unknown = await cry(`nadie-${js}@chipaque-cundinamarca.example`);
  equal(await cry(lost.email), unknown, 'the answer for an account, beside that for nobody');
  if (js) await people.look(person, 'received');

  // The agent takes the ticket and sends a code to the town's own mailbox.
  const agent = await people.open({ js });
  await signIn(agent, desk('').replace(/\/$/, ''), platform.account('agent'));
  const ticket = await until(async () => {
    await agent.goto(desk('/mesa?ver=UNASSIGNED&categoria=CREDENTIALS'));
    const rows = agent.locator('main tbody tr', { hasText: 'Chipaque' });
    for (let row = 0; row < (await rows.count()); row++) {
      const address = await rows.nth(row).locator('a').first().getAttribute('href');
      await agent.goto(desk(address));
      if ((await agent.locator('main').innerText()).includes(lost.email)) return address;
      await agent.goto(desk('/mesa?ver=UNASSIGNED&categoria=CREDENTIALS'));
    }
    return null;
  }, `no ticket of ${lost.email} on the desk`, 20_000);
  await agent.getByRole('button', { name: 'Asignarme la solicitud' }).click();
  await says(agent, 'A su cargo');
  await agent.getByLabel('Correo de la cuenta').fill(lost.email);
  await agent.getByRole('button', { name: 'Iniciar el reinicio' }).click();
  await says(agent, 'Faltan pruebas');
  if (js) await people.look(agent, 'reset');
  await agent.getByRole('button', { name: 'Enviar un código al buzón' }).click();
  await says(agent, 'Código enviado');

  // As the town reads it, in the mailbox of `up` mode.
  const mail = await people.open({ js });
  await signIn(mail, desk('').replace(/\/$/, ''), platform.account('mail_administrator'));
  const letter = (subject, to, text) =>
    until(async () => {
      await mail.goto(desk('/correo'));
      const found = mail.locator('main li', { hasText: to }).filter({ hasText: subject });
      if (!(await found.count())) return null;
      await found.first().getByRole('link').click();
      const read = await mail.locator('main').innerText();
      return read.match(text)?.[1] ?? null;
    }, `no «${subject}» for ${to} in /correo`, 20_000);
  const code = await letter('Código para la mesa de ayuda', 'alcaldia@chipaque-cundinamarca.gov.co', /Código:\s*([A-Z0-9-]{6,9})/);
  if (js) await people.look(mail, 'mailbox');

  await agent.getByLabel('Código que le leyeron').fill('ZZZ-ZZZ');
  await agent.getByRole('button', { name: 'Comprobar' }).click();
  await says(agent, 'El código no corresponde');
  await agent.getByLabel('Código que le leyeron').fill(code);
  await agent.getByRole('button', { name: 'Comprobar' }).click();
  await says(agent, 'Comprobada');
  check(!(await agent.locator('main').innerText()).includes('Enlace enviado'), 'one proof was enough');

  // The second proof is another person's: the coordinator.
  const coordinator = await people.open({ js });
  await signIn(coordinator, at('').replace(/\/$/, ''), platform.account('coordinator', TOWN));
  await coordinator.goto(at('/admin/equipo'));
  await says(coordinator, lost.email, '[aria-labelledby=confirmar]');
  if (js) await people.look(coordinator, 'confirm');
  await coordinator.locator('section.card, section, article, div.card').filter({ hasText: lost.email }).getByRole('button', { name: /^Confirmo que/ }).first().click();
  await says(coordinator, 'Confirmado.', '.toast');
  await agent.goto(desk(ticket));
  await says(agent, 'Enlace enviado al correo de la cuenta');

  // The link, by the person it was sent to.
  const link = await letter('Enlace para su clave nueva', lost.email, /(http:\/\/\S+\/restablecer\/\w+)/);
  const fresh = await people.open({ js, phone: true });
  await fresh.goto(link);
  await fresh.getByLabel('Clave nueva').fill('corta');
  await fresh.getByLabel('La misma clave otra vez').fill('corta');
  await fresh.getByRole('button', { name: 'Cambiar la clave' }).click();
  await says(fresh, 'al menos 12 letras');
  if (js) await people.look(fresh, 'weak-password');
  const password = `tres ovejas ${js ? 'azules' : 'verdes'} en la loma`;
  await fresh.getByLabel('Clave nueva').fill(password);
  await fresh.getByLabel('La misma clave otra vez').fill(password);
  await fresh.getByRole('button', { name: 'Cambiar la clave' }).click();
  await says(fresh, 'Su clave cambió');

  const old = { email: lost.email, password: lost.password };
  const late = await people.open({ js });
  await late.goto(at('/entrar'));
  await late.getByLabel('Correo').fill(old.email);
  await late.getByLabel('Clave').fill(old.password);
  await late.getByRole('button', { name: 'Entrar' }).click();
  await says(late, 'No pudimos dejarlo entrar.');
  lost.password = password;
  await signIn(fresh, at('').replace(/\/$/, ''), lost);
  equal(new URL(fresh.url()).pathname, '/admin', 'where the new password leads');

  await late.goto(link);
  await late.getByLabel('Clave nueva').fill('otras ovejas en el páramo');
  await late.getByLabel('La misma clave otra vez').fill('otras ovejas en el páramo');
  await late.getByRole('button', { name: 'Cambiar la clave' }).click();
  await says(late, 'No pudimos cambiar la clave.');
  await agent.goto(desk(ticket));
  await says(agent, 'La persona ya cambió su clave');
}
