/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The empty program: what starting anything at all costs. */
int main(void)
{
	return 0;
}
