// What one does in a conversation besides saying things: edit, take back, react, reply, tell by `/me`, see who writes and
// who has read, block, forget, and leave a message with somebody who is away.

import assert from 'node:assert/strict';
import { LINK_MS, behaviour, textOf, until } from './harness/index.mjs';

const WRITING = 'is writing…';

for (const kind of ['chromium', 'firefox']) {
  behaviour(`messages are edited, taken back, reacted and replied to in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const browser = await scene.browser(kind);
    const ana = await scene.tab(browser, 'Ana', await browser.profile());
    await ana.start(nora.page);
    const conversation = await meet(nora, ana);

    await ana.say('/me waves');
    await ana.sees('* Ana waves');
    await ana.say('good evning');
    await nora.receives(conversation, 'good evning');
    await nora.send(conversation, 'good evening, Ana');
    await ana.sees('good evening, Ana');

    // Up in an empty composer edits the last message of one's own; Esc changes nothing.
    const box = await ana.find('textbox', 'Message');
    await box.click();
    await ana.page.keyboard.press('ArrowUp');
    await ana.find('button', 'Cancel');
    assert.equal(await valueOf(box), 'good evning');
    await ana.escape();
    await until('the composer to be empty again', async () => (await valueOf(box)) === '');
    await ana.page.keyboard.press('ArrowUp');
    await ana.find('button', 'Cancel');
    await ana.page.keyboard.press('End');
    for (let back = 0; back < 'ning'.length; back += 1) await ana.page.keyboard.press('Backspace');
    await ana.page.keyboard.type('ening');
    await ana.page.keyboard.press('Enter');
    await nora.receives(conversation, 'good evening');
    await until('the edit to show', async () => (await texts(ana, /good evening edited/)).length === 1);
    assert.equal((await ana.messages()).length, 3);

    // A reply stands below what it replies to and leads there.
    await act(ana, 'good evening, Ana', 'Reply');
    await ana.find('button', 'Cancel');
    await ana.say('how are you?');
    assert.match(await ana.sees('how are you?'), /In reply to Nora: good evening, Ana/);
    const said = await nora.call('messages', { conversation });
    const id = (text) => said.find((one) => one.text === text)?.id;
    assert.equal(said.find((one) => one.text === 'how are you?').reply_to, id('good evening, Ana'));
    await ana.press('In reply to Nora: good evening, Ana');
    await until('the focus to be on what was replied to', () =>
      ana.page.evaluate(() => document.activeElement.matches('article') && document.activeElement.textContent.includes('good evening, Ana')),
    );

    // Reactions of both are one button, pressed while ours is among them.
    await nora.call('react', { conversation, message: id('how are you?'), emoji: '👍' });
    const reaction = await ana.find('button', '👍 1, Nora', { timeout: LINK_MS });
    assert.equal(await reaction.evaluate((button) => button.ariaPressed), 'false');
    await reaction.click();
    const both = await ana.find('button', '👍 2, Nora and you', { timeout: LINK_MS });
    assert.equal(await both.evaluate((button) => button.ariaPressed && document.activeElement === button), true, 'the focus stays');
    await until('Nora to see the reaction', async () => {
      const { reactions } = (await nora.call('messages', { conversation })).find((one) => one.text === 'how are you?');
      return reactions[0].by.length === 2;
    });
    await act(ana, 'how are you?', 'React');
    await ana.press('🎉');
    await ana.find('button', '🎉 1, you', { timeout: LINK_MS });
    await act(ana, 'how are you?', 'React');
    await ana.write('Another reaction', 'ok');
    await ana.page.keyboard.press('Enter');
    await ana.find('button', 'ok 1, you', { timeout: LINK_MS });

    // What is taken back is asked about first, and then gone for both; nothing more can be done with it.
    await act(ana, 'how are you?', 'Delete');
    await ana.press('Keep it', { inside: await ana.find('dialog', 'Delete message?') });
    assert.equal((await texts(ana, /how are you/)).length, 1);
    await act(ana, 'how are you?', 'Delete');
    await ana.press('Delete', { inside: await ana.find('dialog', 'Delete message?') });
    await ana.sees('This message was deleted');
    assert.deepEqual(await texts(ana, /how are you/), []);
    await until('Nora to see it gone', async () => {
      const all = await nora.call('messages', { conversation });
      return all.some(({ deleted }) => deleted) && !all.some(({ text }) => text === 'how are you?');
    });

    // All of that is there after a reload.
    await ana.page.reload();
    await ana.goTo('Nora');
    await ana.sees('This message was deleted');
    const kept = await ana.messages();
    assert.equal(kept.length, 4);
    assert.match(kept[0], /\* Ana waves/);
    assert.match(kept[1], /good evening edited/);
    assert.match(kept[1], /delivered to 1 of 1|read by 1/);
  });

  behaviour(`who writes and who has read is told in ${kind}`, async (scene) => {
    const nora = await scene.node('Nora');
    const browser = await scene.browser(kind);
    const ana = await scene.tab(browser, 'Ana', await browser.profile());
    await ana.start(nora.page);
    const conversation = await meet(nora, ana);

    await nora.call('typing', { conversation });
    await until('Ana to see that Nora writes', async () => (await ana.told()).includes(`Nora ${WRITING}`), LINK_MS);
    await nora.send(conversation, 'there');
    await ana.sees('there');
    await until('Nora to have stopped', async () => !(await ana.told()).includes(WRITING));
    const box = await ana.find('textbox', 'Message');
    await box.click();
    await ana.page.keyboard.type('I wr');
    await nora.heard('typing', (params) => params.conversation === conversation);

    // A command completes as it is typed; what is none is told and sent to nobody.
    await box.click({ count: 3 });
    await ana.page.keyboard.type('/ni');
    await ana.page.keyboard.press('Tab');
    await until('the command to be complete', async () => (await valueOf(box)) === '/nick ');
    await ana.page.keyboard.type('Anna');
    await ana.page.keyboard.press('Enter');
    await until('the name to change', async () => (await ana.told()).includes('Your name was changed'));
    await ana.say('/unknown');
    await until('Ana to be told', async () => (await ana.told()).includes('There is no command /unknown'));
    assert.equal((await nora.texts(conversation)).some((text) => text.startsWith('/')), false);
    await box.click({ count: 3 });
    await ana.page.keyboard.press('Backspace');

    // Nobody is told what the person has read until they want it.
    await nora.call('share_read', { on: true });
    await ana.say('have you read this?');
    await nora.receives(conversation, 'have you read this?');
    await nora.call('read', { conversation });
    await until('the read mark', async () => /read by 1/.test(await ana.sees('have you read this?')), LINK_MS);
    await ana.press('Settings');
    await ana.press('Tell others what I have read', { role: 'checkbox' });
    await ana.goTo('Nora');
    const { message } = await nora.send(conversation, 'and this?');
    await ana.sees('and this?');
    await until(
      'Nora to be told that it was read',
      async () => {
        const one = (await nora.call('messages', { conversation })).find(({ id }) => id === message);
        return JSON.stringify(one.state).includes('read');
      },
      LINK_MS,
    );
  });
}

behaviour('whoever is away has a machine that takes a message, in both directions', async (scene) => {
  const nora = await scene.node('Nora');
  const browser = await scene.browser('chromium');
  const ana = await scene.tab(browser, 'Ana', await browser.profile());
  await ana.start(nora.page);

  // Nora is away: Ana leaves a message.
  await nora.call('away', { on: true });
  const { invite } = await nora.call('invite', {});
  await ana.join(`${nora.page}#${invite}`);
  await ana.press('Leave a message', { timeout: LINK_MS });
  const dialog = await ana.find('dialog', 'Leave a message');
  await ana.write('Message', 'Call me tomorrow', { inside: dialog });
  await ana.press('Leave message', { inside: dialog });
  const { params } = await nora.heard('left_message');
  assert.deepEqual([params.text, params.from.name], ['Call me tomorrow', 'Ana']);
  await nora.call('away', { on: false });

  // Ana lets her machine answer one request, then all of them.
  await meet(nora, ana);
  await ana.create('Public', 'Salon');
  const link = textOf(await ana.invite());
  const [first] = await Promise.all([
    nora.enter(link),
    (async () => {
      const card = await ana.find('dialog', 'Request from Nora', { timeout: LINK_MS });
      await ana.press('Answering machine', { inside: card });
    })(),
  ]);
  assert.equal(first.answer, 'answering_machine');
  await nora.call('leave_message', { request: first.request, text: 'It is me' });
  await until('Ana to be told', async () => (await ana.told()).includes('Nora left a message'), LINK_MS);
  await ana.press('Settings');
  await ana.press('Away', { role: 'checkbox' });
  const second = await nora.enter(link);
  assert.equal(second.answer, 'answering_machine');
  await nora.call('leave_message', { request: second.request, text: 'Me again' });

  // The inbox outlasts a reload, is emptied one by one, and leads back.
  await ana.press('People');
  const rows = async () => (await ana.find('list', 'Inbox')).$$eval(':scope > *', (rows) => rows.map((row) => row.textContent));
  await until('both messages', async () => (await rows()).length === 2, LINK_MS);
  await ana.page.reload();
  await ana.press('People');
  const inbox = await ana.find('list', 'Inbox');
  const left = async () => inbox.evaluate((list) => [...list.children].map((row) => row.textContent));
  assert.equal((await left()).length, 2);
  assert.match((await left())[0], /Nora.*It is me/);
  await ana.press('Dismiss', { inside: inbox });
  await until('one message', async () => (await left()).length === 1);
  assert.match((await left())[0], /Me again/);
  const [{ conversation, from }] = await Promise.all([nora.admit(), ana.press('Message', { inside: inbox })]);
  assert.equal(from.name, 'Ana');
  await ana.isInConversation();
  await ana.say('back again');
  await nora.receives(conversation, 'back again');
  await ana.say('/back');
  await ana.press('Settings');
  await until('Ana to be back', async () =>
    (await ana.find('checkbox', 'Away')).evaluate((box) => !box.checked),
  );
});

behaviour('people are blocked and heard again, and conversations left and forgotten', async (scene) => {
  const nora = await scene.node('Nora');
  const browser = await scene.browser('chromium');
  const ana = await scene.tab(browser, 'Ana', await browser.profile());
  await ana.start(nora.page);
  const conversation = await meet(nora, ana);
  await nora.send(conversation, 'before');
  await ana.sees('before');

  await ana.press('People');
  await ana.press('Block');
  await ana.find('button', 'Unblock');
  await nora.send(conversation, 'unheard');
  await ana.goTo('Nora');
  await until('what she said to be gone', async () => (await ana.messages()).length === 0);
  await ana.press('Settings');
  await ana.press('Unblock', { inside: await ana.find('list', 'Blocked people') });
  await ana.goTo('Nora');
  await ana.sees('before');
  await ana.sees('unheard');

  // Leaving is asked about and keeps what was said; forgetting keeps nothing, also after a reload.
  const rows = await ana.participants();
  assert.ok(rows.some((row) => row.includes('let in by')), `one was let in by the other: ${rows.join(' | ')}`);
  await ana.press('Leave');
  await ana.press('Stay', { inside: await ana.find('dialog', 'Leave conversation?') });
  await ana.find('textbox', 'Message');
  await ana.leave();
  await until('the composer to be gone', async () => !(await ana.glance('textbox', 'Message')));
  assert.equal((await ana.messages()).length, 2);
  await ana.press('Forget');
  await ana.press('Forget', { inside: await ana.find('dialog', 'Forget conversation?') });
  const entries = async () => (await ana.find('navigation', 'Conversations')).evaluate((list) => list.querySelectorAll('li').length);
  await until('it to be gone from the list', async () => (await entries()) === 0);
  await ana.page.reload();
  await ana.find('navigation', 'Conversations');
  assert.equal(await entries(), 0);

  // Newcomers see what the conversation was begun for.
  await ana.press('New conversation');
  const dialog = await ana.find('dialog', 'New conversation');
  await ana.press('From when they join', { role: 'radio', inside: dialog });
  await ana.write('Conversation name', 'Salon', { inside: dialog });
  await ana.press('Create', { inside: dialog });
  await ana.isInConversation();
  await ana.say('among ourselves');
  const [entered] = await Promise.all([nora.enter(textOf(await ana.invite())), ana.accept('Nora')]);
  await ana.say('welcome');
  await nora.receives(entered.conversation, 'welcome');
  assert.deepEqual(await nora.texts(entered.conversation), ['welcome']);
});

behaviour('a long conversation shows a page at a time, and nothing moves when earlier ones come', async (scene) => {
  const COUNT = 450;
  const nora = await scene.node('Nora');
  const browser = await scene.browser('chromium');
  const ana = await scene.tab(browser, 'Ana', await browser.profile());
  await ana.start(nora.page);
  const conversation = await meet(nora, ana);
  for (let number = 1; number <= COUNT; number += 1) await nora.send(conversation, `[Nora ${number}]`);
  await ana.sees(`[Nora ${COUNT}]`);
  await ana.page.reload();
  await ana.goTo('Nora');
  await ana.sees(`[Nora ${COUNT}]`);
  assert.equal((await ana.messages()).length, 200);

  const top = `[Nora ${COUNT - 199}]`;
  const place = () =>
    ana.page.evaluate(async (text) => {
      // As it is painted: what is drawn anew is scrolled into its place just before.
      await new Promise((painted) => requestAnimationFrame(painted));
      const rows = [...document.querySelectorAll('article')];
      return rows.find((row) => row.textContent.includes(text)).getBoundingClientRect().top;
    }, top);
  await ana.page.evaluate(() => document.querySelector('[role=log]').scrollTo(0, 0));
  const before = await place();
  await ana.press('Show earlier');
  await until('the earlier ones', async () => (await ana.messages()).length === 400);
  assert.ok(Math.abs((await place()) - before) < 60, `it stood at ${before} and stands at ${await place()}`);
  await ana.press('Show earlier');
  await until('all of them', async () => (await ana.messages()).length === COUNT);
  assert.equal(await ana.glance('button', 'Show earlier'), undefined);
  const numbers = (await ana.messages()).map((one) => Number(/\[Nora (\d+)\]/.exec(one)[1]));
  assert.deepEqual(numbers, Array.from({ length: COUNT }, (_, at) => at + 1));
});

/// Somebody follows the node's invite into a conversation.
async function meet(nora, person) {
  const { invite } = await nora.call('invite', {});
  const [{ conversation }] = await Promise.all([nora.admit(), person.join(`${nora.page}#${invite}`)]);
  await person.isInConversation();
  return conversation;
}

/// Opens the actions of the message with `text` by keyboard and presses one.
async function act(person, text, action) {
  const articles = await (await person.find('log', 'Messages')).$$('article');
  for (const article of articles.reverse()) {
    if (!(await article.evaluate((one, text) => one.querySelector('.text').textContent.includes(text), text))) continue;
    const button = await person.glance('button', 'Actions', article);
    await button.focus();
    await person.page.keyboard.press('Enter');
    await person.press(action, { inside: await person.find('group', 'Message actions', { inside: article }) });
    return;
  }
  throw new Error(`${person.label} sees no message with “${text}”`);
}

async function texts(person, pattern) {
  return (await person.messages()).filter((one) => pattern.test(one));
}

function valueOf(box) {
  return box.evaluate((field) => field.value);
}
