/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stopwatch RUNS -- OURS... -- THEIRS...
 *
 * Runs the two commands in turn, RUNS times each after one of each that does
 * not count, so that a machine that slows down slows both. Prints the medians:
 * wall milliseconds and peak resident KiB of ours, then the same of theirs.
 * What the commands print goes nowhere.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sample {
	double wall_ms;
	double resident_kib;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct sample time_once(char **argv)
{
	double began_ms = now_ms();
	struct sample sample;
	struct rusage usage;
	pid_t pid = vfork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &usage) != pid) {
		perror("stopwatch");
		exit(1);
	}
	sample.wall_ms = now_ms() - began_ms;
	sample.resident_kib = (double)usage.ru_maxrss;
	return sample;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const struct sample *samples, int n, size_t offset)
{
	double *values = calloc((size_t)n, sizeof(*values));
	double middle;

	if (!values)
		abort();
	for (int i = 0; i < n; i++)
		memcpy(&values[i], (const char *)&samples[i] + offset, sizeof(*values));
	qsort(values, (size_t)n, sizeof(*values), by_size);
	middle = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	free(values);
	return middle;
}

int main(int argc, char **argv)
{
	struct sample *ours;
	struct sample *theirs;
	int runs = argc > 1 ? atoi(argv[1]) : 0;
	int split = 3;

	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	if (runs < 1 || split + 1 >= argc || strcmp(argv[2], "--") != 0 || split == 3) {
		fputs("usage: stopwatch RUNS -- OURS... -- THEIRS...\n", stderr);
		return 2;
	}
	argv[split] = NULL;
	ours = calloc((size_t)runs, sizeof(*ours));
	theirs = calloc((size_t)runs, sizeof(*theirs));
	if (!ours || !theirs)
		abort();
	time_once(argv + 3);
	time_once(argv + split + 1);
	for (int i = 0; i < runs; i++) {
		ours[i] = time_once(argv + 3);
		theirs[i] = time_once(argv + split + 1);
	}
	printf("%.3f %.0f %.3f %.0f\n", median(ours, runs, offsetof(struct sample, wall_ms)),
	       median(ours, runs, offsetof(struct sample, resident_kib)),
	       median(theirs, runs, offsetof(struct sample, wall_ms)),
	       median(theirs, runs, offsetof(struct sample, resident_kib)));
	free(ours);
	free(theirs);
	return 0;
}
