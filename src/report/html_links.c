/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports, each in the box of the NUMA node that is near to it. */
#include <inttypes.h>

#include "report/html.h"
#include "report/html_text.h"
#include "report/view.h"

static void add_link(const struct oi_view_link *link, struct oi_buf *out)
{
	static const char *const classes[] = { [OI_TONE_GOOD] = "good", [OI_TONE_WARN] = "warn",
					       [OI_TONE_BAD] = "bad" };

	oi_buf_adds(out, "<div class=\"link\"><div><strong>");
	oi_html_escape(out, link->device);
	oi_buf_addf(out, "/%" PRId64 "</strong> <span class=\"word %s\">", link->port,
		    classes[oi_view_link_tone(link->state)]);
	oi_html_escape(out, link->state);
	oi_buf_adds(out, "</span><br><span class=\"soft\">PCI ");
	oi_html_escape(out, link->address);
	oi_buf_adds(out, "</span></div><div>");
	oi_html_escape(out, link->rate);
	oi_buf_adds(out, " Gb/s<br><span class=\"soft\">");
	oi_html_escape(out, link->link_layer);
	oi_buf_adds(out, ", ");
	oi_html_escape(out, link->phys_state);
	oi_buf_adds(out, "</span></div></div>\n");
}

/* The least node above @after; -2: there is none. -1 are those near to no node, or unknown. */
static int64_t next_node(const struct oi_doc *links, int64_t after)
{
	int64_t next = -2;

	for (size_t i = 0; i < links->n; i++) {
		int64_t node = oi_view_link_of(links->items[i]).numa_node;

		if (node > after && (next == -2 || node < next))
			next = node;
	}
	return next;
}

void oi_report_links_html(const struct oi_doc *result, struct oi_buf *out)
{
	const struct oi_doc *links = oi_view_list(result, "links");

	if (!links->n)
		return;
	oi_buf_adds(out, "<section>\n<h2>Links by NUMA node</h2>\n<div class=\"nodes\">\n");
	for (int64_t node = next_node(links, -2); node > -2; node = next_node(links, node)) {
		if (node < 0)
			oi_buf_adds(out, "<div class=\"node\"><h3>no node known</h3>\n");
		else
			oi_buf_addf(out, "<div class=\"node\"><h3>NUMA node %" PRId64 "</h3>\n", node);
		for (size_t i = 0; i < links->n; i++) {
			struct oi_view_link link = oi_view_link_of(links->items[i]);

			if (link.numa_node == node)
				add_link(&link, out);
		}
		oi_buf_adds(out, "</div>\n");
	}
	oi_buf_adds(out, "</div>\n</section>\n");
}
