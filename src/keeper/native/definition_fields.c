/* What a definition says, field by field, and what may not stand there. */
#include <string.h>

#include "definition_parts.h"
#include "enter.h"
#include "frame.h"
#include "probe/arming.h"

enum kind { TEXT, NUMBER, WORD };

enum { REQUIRED = 1, FOR_PID = 2, FOR_CHROOT = 4, FOR_RUN_AS = 8, FOR_JAIL = 16 };

static const char *const respawn_words[] = {"never", "after", "immediately", NULL};
static const char *const enter_words[] = {"pid", "chroot", "jail", NULL};

#define AT(member) offsetof(struct definition, member)
#define MS_MAX ((uint64_t)1 << 50)
#define PID_LARGEST 2147483647u /* also of a jid */
#define NAME_MAX_LENGTH 255

/* Every field but `arg` and `env`, which are repeated. */
static const struct rule {
	const char *name;
	enum kind kind;
	unsigned when;
	size_t at;
	uint64_t max; /* of a text: its length */
	const char *const *words;
} rules[] = {
	{"key", TEXT, REQUIRED, AT(key), TEXT_MAX, NULL},
	{"tag", TEXT, 0, AT(tag), TEXT_MAX, NULL},
	{"title", TEXT, REQUIRED, AT(title), TITLE_MAX, NULL},
	{"uid", NUMBER, REQUIRED, AT(uid), ID_MAX, NULL},
	{"gid", NUMBER, REQUIRED, AT(gid), ID_MAX, NULL},
	{"groups", TEXT, 0, AT(groups), FRAME_MAX, NULL},
	{"enter", WORD, REQUIRED, AT(enter), 0, enter_words},
	{"instance", TEXT, REQUIRED, AT(instance), TEXT_MAX, NULL},
	{"pid", NUMBER, FOR_PID, AT(pid), PID_LARGEST, NULL},
	{"start", NUMBER, FOR_PID, AT(start), UINT64_MAX, NULL},
	{"root", TEXT, FOR_CHROOT, AT(root), PATH_LONGEST, NULL},
	{"jid", NUMBER, FOR_JAIL, AT(jid), PID_LARGEST, NULL},
	{"name", TEXT, 0, AT(name), NAME_MAX_LENGTH, NULL},
	{"dev", NUMBER, FOR_CHROOT | FOR_JAIL, AT(dev), UINT64_MAX, NULL},
	{"ino", NUMBER, FOR_CHROOT | FOR_JAIL, AT(ino), UINT64_MAX, NULL},
	{"mount", NUMBER, 0, AT(mount), 1, NULL},
	{"respawn", WORD, REQUIRED, AT(respawn), 0, respawn_words},
	{"receipt", NUMBER, 0, AT(receipt), 1, NULL},
	{"cwd", TEXT, 0, AT(cwd), PATH_LONGEST, NULL},
	{"run_uid", NUMBER, FOR_RUN_AS, AT(run_uid), ID_MAX, NULL},
	{"run_gid", NUMBER, FOR_RUN_AS, AT(run_gid), ID_MAX, NULL},
	{"run_groups", TEXT, 0, AT(run_groups), FRAME_MAX, NULL},
	{"timeout", NUMBER, 0, AT(timeout), MS_MAX, NULL},
	{"kill_after", NUMBER, 0, AT(kill_after), MS_MAX, NULL},
	{"cooldown", NUMBER, 0, AT(cooldown), MS_MAX, NULL},
	{"concurrency", NUMBER, 0, AT(concurrency), UINT32_MAX, NULL},
	{"output", NUMBER, 0, AT(output), MS_MAX, NULL},
};

enum { RULES = sizeof rules / sizeof *rules };

static const char *take(struct definition *definition, const struct rule *rule, const char *value)
{
	char *member = (char *)definition + rule->at;
	uint32_t offset = (uint32_t)(value - definition->fields);
	uint64_t number = 0;

	switch (rule->kind) {
	case TEXT:
		if (strlen(value) > rule->max)
			return "a value is too long";
		memcpy(member, &offset, sizeof offset);
		return NULL;
	case NUMBER:
		if (!parse_number(value, rule->max, &number))
			return "a number is none, or out of range";
		break;
	case WORD:
		while (rule->words[number] && strcmp(rule->words[number], value) != 0)
			number++;
		if (!rule->words[number])
			return "a word is none of those allowed";
		break;
	}
	memcpy(member, &number, sizeof number);
	return NULL;
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* What no single field shows. */
static const char *look_whole(const struct definition *definition, uint32_t seen)
{
	const char *title = definition_text(definition, definition->title);
	uint32_t groups[ARMING_GROUPS];

	for (int i = 0; i < RULES; i++) {
		bool wanted = rules[i].when & REQUIRED;

		wanted |= (rules[i].when & FOR_PID) && definition->enter == ENTER_PID;
		wanted |= (rules[i].when & FOR_CHROOT) && definition->enter == ENTER_CHROOT;
		wanted |= (rules[i].when & FOR_JAIL) && definition->enter == ENTER_JAIL;
		wanted |= (rules[i].when & FOR_RUN_AS) && definition->run_as;
		if (wanted && !(seen & 1u << i))
			return "a field is missing";
	}
	if (definition->arg_count == 0)
		return "arg is missing";
	if (!*definition_text(definition, definition->key) || !*definition_text(definition, definition->instance))
		return "key or instance is empty";
	if (!*title || !printable(title))
		return "title is not printable ASCII of 1 to 200 bytes";
	if (definition->enter == ENTER_CHROOT && *definition_text(definition, definition->root) != '/')
		return "root is not an absolute path";
	if (definition->enter != ENTER_CHROOT && definition->mount)
		return "mount is for enter=chroot alone";
	if (definition->enter == ENTER_PID && definition->pid == 0)
		return "pid is 0";
	if (definition->enter == ENTER_JAIL && definition->jid == 0)
		return "jid is 0";
	if (definition->concurrency == 0)
		return "concurrency is 0";
	if (parse_groups(definition_text(definition, definition->groups), groups, ARMING_GROUPS) == -1)
		return "groups are not up to 256 numbers separated by commas";
	if (parse_groups(definition_text(definition, definition->run_groups), NULL, FRAME_MAX) == -1)
		return "run_groups are not numbers separated by commas";
	return enter_refuses(definition);
}

const char *definition_fill(struct definition *definition)
{
	const char *at = definition->fields, *end = at + definition->length, *why;
	struct field field;
	uint32_t seen = 0;

	while (field_next(&at, end, &field)) {
		int i = 0;

		if (field_is(&field, "ref"))
			continue;
		if (field_is(&field, "arg")) {
			definition->arg_count++;
			continue;
		}
		if (field_is(&field, "env")) {
			if (!strchr(field.value, '=') || *field.value == '=')
				return "env is not NAME=VALUE";
			definition->env_count++;
			continue;
		}
		while (i < RULES && !field_is(&field, rules[i].name))
			i++;
		if (i == RULES)
			return "a field is unknown";
		if (seen & 1u << i)
			return "a field stands there twice";
		seen |= 1u << i;
		definition->run_as |= strncmp(rules[i].name, "run_", 4) == 0;
		why = take(definition, &rules[i], field.value);
		if (why)
			return why;
	}
	return look_whole(definition, seen);
}
