/* Gives each file that is named to the fuzzer's target once: for a target that runs under valgrind. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MOST = 1 << 20 };

int main(int count, char **words)
{
	static uint8_t input[INPUT_MOST];

	(void)LLVMFuzzerInitialize(&count, &words);
	for (int i = 1; i < count; i++) {
		FILE *file = fopen(words[i], "rb");
		size_t size;

		if (!file) {
			perror(words[i]);
			return 1;
		}
		size = fread(input, 1, sizeof input, file);
		fclose(file);
		(void)LLVMFuzzerTestOneInput(input, size);
	}
	printf("%d inputs\n", count - 1);
	return 0;
}
