/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * fuzz_ip_gso.c - A vnet header and a packet: what passes is what it says
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/gso.h"
#include "codec/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** quote() - A quoted header lies in the packet, with what @first promises */
static void quote(const uint8_t *pkt, const struct ip_view *view)
{
	struct ip_view quoted;
	size_t off = ip_icmp_quote_off(view);

	if (ip_icmp_quote(pkt, view, &quoted))
		return;
	assert(quoted.family == view->family && !view->fragment);
	assert(off + quoted.l4_off <= view->len);
	if (quoted.first)
		assert(off + quoted.l4_off + 8 <= view->len);
}

/** offload() - A header that passes leads the kernel to the right bytes */
static void offload(const struct gso_header *h, const uint8_t *pkt,
		    const struct ip_view *view)
{
	uint32_t needs = gso_needs(h, pkt);

	assert(!(needs & GSO_CAN_NOBODY));
	assert(!(h->flags & GSO_NEEDS_CSUM) == !(needs & GSO_CAN_CSUM));
	if (!(h->flags & GSO_NEEDS_CSUM)) {
		assert(!needs && !h->gso_size && !h->hdr_len);
		return;
	}
	assert(!view->fragment && h->csum_start == view->l4_off);
	assert(h->csum_start + h->csum_offset + 2u <= view->len);
	assert((view->proto == 6 && h->csum_offset == 16) ||
	       (view->proto == 17 && h->csum_offset == 6));
	if (h->type == GSO_NONE)
		return;
	assert(h->gso_size && h->hdr_len <= view->len);
	assert(view->len / h->gso_size <= 8192);
}

/** cut() - Segments are good packets, need nothing, and lose no byte */
static void cut(const struct gso_header *h, const uint8_t *pkt, size_t len)
{
	size_t size = VNET_HDR_LEN + len;
	uint8_t *out = malloc(size);
	struct gso_segments s;
	size_t payload = 0;
	ssize_t got;

	assert(out && !gso_segments_init(&s, h, pkt, len));
	while ((got = gso_segment(&s, out, size)) > 0) {
		size_t part = (size_t)got - VNET_HDR_LEN;
		struct gso_header none;
		struct ip_view view;

		gso_read(out, &none);
		assert(!gso_check(&none, out + VNET_HDR_LEN, part));
		assert(!gso_needs(&none, out + VNET_HDR_LEN));
		assert(!ip_view(out + VNET_HDR_LEN, part, &view));
		payload += part - s.headers_len;
	}
	assert(!got && payload == len - s.headers_len);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[VNET_HDR_LEN];
	const uint8_t *pkt = data + VNET_HDR_LEN;
	struct gso_header h;
	struct ip_view view;

	if (size < VNET_HDR_LEN)
		return 0;
	gso_read(data, &h);
	gso_write(again, &h);
	assert(!memcmp(again, data, sizeof(again)));

	if (ip_view(pkt, size - VNET_HDR_LEN, &view)) {
		/* What asks for work on a malformed packet is refused. */
		if (h.flags & GSO_NEEDS_CSUM)
			assert(gso_check(&h, pkt, size - VNET_HDR_LEN));
		return 0;
	}
	assert(view.len == size - VNET_HDR_LEN && view.l4_off <= view.len);
	assert(view.first || view.fragment);
	quote(pkt, &view);
	if (!gso_check(&h, pkt, view.len)) {
		offload(&h, pkt, &view);
		cut(&h, pkt, view.len);
	}
	return 0;
}
