#include <stdio.h>

#include "say.h"

void say(const char *text, size_t length)
{
	for (size_t i = 0; i < length && text[i]; i++)
		if (text[i] >= ' ' && text[i] <= '~')
			fputc(text[i], stderr);
		else
			fprintf(stderr, "\\x%02x", (unsigned char)text[i]);
}

enum { BEGINNING = 64 };

void say_up_to(size_t longest, const char *text, size_t length)
{
	say(text, length > longest ? BEGINNING : length);
	if (length > longest)
		fputs("...", stderr);
}
