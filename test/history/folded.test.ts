/** HUPs that reached a probe which was just being replaced count with the trigger that they were folded into. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outcome } from '../../src/cli/render.ts';
import { linesOf, recallTriggers } from '../../src/history/history.ts';
import { lastOf } from '../../src/history/status.ts';
import type { ProbeEvent } from '../../src/keeper/messages.ts';
import { learn } from '../../src/plan/learn.ts';
import { NOTHING_OBSERVED } from '../../src/plan/observed.ts';
import { blocks } from './lines.ts';

const cases = suite('folded');

const told = { epoch: '0123abcd', at: 1_800_000_000_000, id: 'web/A', run: '0123abcd-2' };
const fired = { ...told, type: 'fired', seq: 2, instance: 'i', by: 'jail', once: false } as const;
const rest = { duration: 3, ending: { exitCode: 0 }, timedOut: false, folded: 1 };
const finished = { ...told, type: 'finished', seq: 3, ...rest } as const;

cases('in the history, in status, and in status after a restart', async () => {
  const events: ProbeEvent[] = [fired, finished];
  const lines = [fired, finished].flatMap((event) => linesOf(event, { jail: 'web', title: 'A' }));
  assert.is(lines[1]?.t === 'ended' && lines[1].folded, 1);

  const { probes, newest } = await recallTriggers(blocks(...lines));
  const past = [...probes].map(([id, probe]) => ({ id, ...probe }));
  for (const observed of [
    learn(NOTHING_OBSERVED, events).observed,
    learn(NOTHING_OBSERVED, [{ type: 'recalled', at: 1, probes: past, newest }]).observed,
  ]) {
    const probe = observed.jails.get('web')?.probes.get('web/A');
    assert.ok(probe?.last);
    const last = lastOf(probe, probe.last);
    assert.is(last.folded, 1);
    assert.is(outcome(last), 'ok (2 HUPs)');
  }
});

cases.run();
