import type { Role } from './world.ts';

/** What a role is refused: by the page that it opens, and by the server that its session asks for the same. */
export interface Refusal {
  who: Role;
  what: string; // in words
  /** Where he goes. Names in angle brackets, also in requests, are those of `Things`. */
  at: string[];
  /** What he reads there; if nothing and no menu is given, that there is nothing. */
  reads?: (string | RegExp)[];
  /** Texts and names of buttons that an admin finds there, at the first address, and he does not. */
  lacks?: (string | RegExp)[];
  /** What he finds shut among the actions of the run, and why. */
  menu?: Record<string, string>;
  /** Requests by the number that they belong to, and how they are answered. */
  asks: Record<string, Ask | Ask[]>;
}

export interface Ask {
  request: string; // method and path below /api/v1
  answer: string; // status and code
  body?: object;
}

/** What there is, by the names that rows use. */
export interface Things {
  cats: string; // a dataset of members; guests have no access
  shut: string; // a dataset of admins
  seen: string; // a dataset that a guest may view and a collaborator edit
  hidden: string; // a completed run on cats
  busy: string; // one that goes on there
  pinned: string; // a completed run on seen, which all see who see that
  unpinned: string; // another, which a guest does not see
  guest: string;
  admin: string;
  plugin: string;
  builtin: string;
}

const answered =
  (answer: string) =>
  (request: string, body?: object): Ask => ({
    request,
    answer,
    ...(body ? { body } : {}),
  });
const no = answered('403 forbidden');
const none = answered('404 not_found'); // as of what does not exist

export const refusals: Refusal[] = [
  {
    who: 'member',
    what: 'has no plugins to see, install, upgrade, remove, disable or restrict',
    at: ['/plugins', '/plugins/<plugin>'],
    lacks: ['Plugins', 'Install plugin'],
    asks: {
      P1: no('GET /plugins'),
      P2: no('POST /plugins'),
      P3: no('POST /plugins?overwrite=true'),
      P4: no('DELETE /plugins/<plugin>'),
      P5: no('PATCH /plugins/<plugin>', { enabled: false }),
      P6: no('PATCH /plugins/<plugin>/operators/ok', { minimum_role: 'guest' }),
      X10: no('POST /plugins?dry_run=true'),
    },
  },
  {
    who: 'guest',
    what: 'is told what an operator needs that he may not run',
    at: ['/schedule?operator=@signalbox/dummy/ok&dataset=<seen>'],
    reads: ['You may not run “Complete at once” here', 'needs the role member'],
    lacks: ['Schedule run'],
    asks: {
      P6: no('POST /runs', { operator: '@signalbox/dummy/ok', dataset: '<seen>' }),
      D2: no('POST /operators/%40signalbox%2Fdummy%2Fok/form', { dataset: '<seen>', params: {} }),
    },
  },
  {
    who: 'guest',
    what: 'schedules nothing on a dataset without access',
    at: ['/d/<cats>/schedule'],
    reads: ['There is no such dataset, or you may not see it.'],
    asks: { D2: none('POST /runs', { operator: '@signalbox/dummy/ok', dataset: '<cats>' }) },
  },
  {
    who: 'guest',
    what: 'finds nothing of a dataset without access, however he sorts, filters and searches',
    at: ['/d/<cats>/runs', '/d/<cats>/runs?sort=oldest&status=completed&q=kept', '/d/<cats>/access'],
    asks: {
      R1: none('GET /runs?dataset=<cats>'),
      R4: none('GET /runs?dataset=<cats>&sort=oldest'),
      R5: none('GET /runs?dataset=<cats>&status=completed'),
      R6: none('GET /runs?dataset=<cats>&search=kept'),
      R8: none('GET /runs?dataset=<cats>&pinned=true'),
      A5: none('GET /datasets/<cats>'),
      A9: none('GET /datasets/<cats>/access'),
    },
  },
  {
    who: 'member',
    what: 'has no list of all datasets, and none of one that is shut to him',
    at: ['/d/<shut>/runs'],
    lacks: ['This dataset'],
    asks: {
      R1: none('GET /runs?dataset=<shut>'),
      A9: none('PATCH /datasets/<shut>', { default_permission: 'manage' }),
    },
  },
  {
    who: 'member',
    what: 'sees no switch from a dataset to all',
    at: ['/d/<cats>/runs'],
    reads: ['My runs'],
    lacks: ['This dataset'],
    asks: { R1: none('GET /runs?dataset=<shut>') },
  },
  {
    who: 'guest',
    what: 'sees none but his own runs and pinned ones',
    at: ['/d/<seen>/runs'],
    reads: ['shown to all'],
    lacks: [/not shown to all/],
    asks: { R2: none('GET /runs/<unpinned>') },
  },
  {
    who: 'guest',
    what: 'has no page of a run on a dataset without access, and nothing that it shows',
    at: ['', '/input', '/output', '/errors', '/logs', '/view', '/events'].map((tab) => `/runs/<hidden>${tab}`),
    asks: {
      G1: none('GET /runs/<hidden>'),
      G2: none('GET /runs/<hidden>'),
      G3: none('GET /runs/<hidden>/events'),
      G4: none('GET /runs/<hidden>/logs'),
      G5: none('GET /runs/<hidden>'),
      L1: none('GET /runs/<hidden>/logs'),
      L2: none('GET /runs/<hidden>/logs/index'),
      L3: none('GET /runs/<hidden>/logs/download'),
      X2: none('GET /runs/<hidden>/logs/lines?from=0&count=1'),
    },
  },
  {
    who: 'guest',
    what: 'does not follow a run on a dataset without access',
    at: ['/runs/<busy>/logs'],
    asks: {
      R3: none('GET /runs/<busy>/wait'),
      R11: none('GET /runs/<busy>'),
      R12: none('GET /runs/<busy>/events'),
      L4: none('GET /runs/<busy>/logs/stream'),
      X1: none('GET /runs/<busy>/wait'),
    },
  },
  {
    who: 'guest',
    what: 'meets the runs of others nowhere on his way',
    at: ['/runs', '/'],
    reads: [/^(No runs yet|You have not run anything yet)/],
    lacks: [/kept from guests/],
    asks: { G6: none('GET /runs/<hidden>') },
  },
  {
    who: 'guest',
    what: 'has no run again that he may not see',
    at: ['/schedule?rerun=<hidden>'],
    reads: ['The run could not be read'],
    lacks: ['Re-run'],
    asks: { R7: none('POST /runs/<hidden>/rerun'), X6: none('POST /runs/<hidden>/rerun', { params: {} }) },
  },
  {
    who: 'guest',
    what: 'gets no form to run again what he may see',
    at: ['/schedule?rerun=<pinned>'],
    reads: ['You may not run “Complete at once” here'],
    lacks: ['Re-run'],
    asks: { X6: no('POST /runs/<pinned>/rerun', { params: { result: 1 } }) },
  },
  {
    who: 'guest',
    what: 'reads why he may not run again, pin and rename what he sees',
    at: ['/runs/<pinned>/input'],
    reads: ['needs the role member'], // beside the button “Re-run”
    menu: {
      'Re-run with changes…': 'needs the role member',
      Unpin: 'Needs Can edit on the dataset',
      Rename: 'Needs Can edit on the dataset',
    },
    asks: {
      R7: no('POST /runs/<pinned>/rerun'),
      R8: no('PATCH /runs/<pinned>', { pinned: false }),
      R9: no('PATCH /runs/<pinned>', { label: 'mine now' }),
    },
  },
  {
    who: 'member',
    what: 'reads why he may not end the run of another on a dataset that he edits',
    at: ['/runs/<busy>/input'],
    menu: { 'Stop…': 'Needs Can manage', 'Mark as failed…': 'Needs Can manage' },
    asks: {
      R10: no('POST /runs/<busy>/fail'),
      X3: no('POST /runs/<busy>/stop'),
      X8: no('POST /runs/<busy>/release'),
    },
  },
  {
    who: 'member',
    what: 'does not scrub a log',
    at: ['/runs/<hidden>/logs'],
    reads: ['Logs'],
    lacks: ['Blank out text…'],
    asks: { X7: no('POST /runs/<hidden>/logs/scrub', { text: 'kept' }) },
  },
  {
    who: 'member',
    what: 'has no orchestrators, nor what they do, nor where their logs lie',
    at: ['/orchestrators', '/orchestrators/<builtin>'],
    lacks: ['Orchestrators'],
    asks: {
      L6: no('PATCH /orchestrators/<builtin>', { config: { log_roots: ['file:///'] } }),
      X5: no('POST /orchestrators/<builtin>/reconcile'),
      X8: no('GET /doctor'),
      D1: no('GET /orchestrators/<builtin>/work'),
    },
  },
  ...(['member', 'guest'] as const).map((who): Refusal => ({
    who,
    what: 'has no page about the team, whatever its address',
    at: ['users', 'users/<admin>', 'groups', 'service-accounts', 'invitations'].map((page) => `/team/${page}`),
    lacks: ['Team'],
    asks: {
      A1: no('PATCH /users/<guest>', { role: 'admin' }),
      A4: [no('GET /users'), no('DELETE /users/<guest>')],
      A6: no('POST /groups', { name: 'ours' }),
      A7: no('POST /service-accounts', { name: 'ours', role: 'guest' }),
      A8: no('POST /invitations', { email: 'friend@example.org', role: 'admin' }),
      A10: [no('GET /groups'), no('GET /service-accounts')],
    },
  })),
  {
    who: 'member',
    what: 'reads that he may not give away a dataset that he edits',
    at: ['/d/<cats>/access'],
    reads: ['Can edit', 'needs Can manage'],
    lacks: ['Share', 'Default access'],
    asks: {
      A2: no('PUT /datasets/<cats>/access/users/<guest>', { permission: 'view' }),
      A8: no('POST /datasets/<cats>/access/invitations', { email: 'friend@example.org', permission: 'view' }),
      A9: no('PATCH /datasets/<cats>', { default_permission: 'manage' }),
      X4: no('POST /access/explain', { principal: '<guest>', action: 'view', dataset: '<cats>' }),
    },
  },
  {
    who: 'collaborator',
    what: 'has no more than his role may, though a group has, and makes and copies no datasets',
    at: ['/d/<seen>/access'],
    reads: ['Can edit', 'needs Can manage', /the role collaborator/i],
    lacks: ['Share'],
    asks: {
      A3: no('PATCH /datasets/<seen>', { default_permission: 'view' }),
      A4: [
        no('POST /datasets', { name: 'of my own' }),
        no('POST /datasets/<seen>/clone', { name: 'a copy' }),
        no('DELETE /datasets/<seen>'),
      ],
    },
  },
  {
    who: 'member',
    what: 'reads the settings and changes none',
    at: ['/security/defaults'],
    reads: ['Only admins change these.'],
    lacks: ['Save…', 'Audit log'],
    asks: {
      A10: no('PATCH /settings', { default_user_role: 'admin' }),
      R2: no('PATCH /settings', { all_runs_minimum_role: 'guest' }),
    },
  },
  {
    who: 'member',
    what: 'has no audit log, and sees no sessions of others',
    at: ['/security/audit', '/security/sessions'],
    asks: { A10: no('GET /audit') },
  },
];
