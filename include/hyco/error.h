/* SPDX-License-Identifier: MIT */

/*
 * error.h - What the functions of libhyco return
 *
 * 0 or positive is success, negative is one of these (they are negative errno
 * values, so that strerror(-code) reads well).
 */

#ifndef HYCO_ERROR_H
#define HYCO_ERROR_H

#include <errno.h>

#define HYCO_EAGAIN   (-EAGAIN)   /* more bytes are needed */
#define HYCO_EBADMSG  (-EBADMSG)  /* malformed input */
#define HYCO_EPROTO   (-EPROTO)   /* well-formed, but not allowed now */
#define HYCO_EMSGSIZE (-EMSGSIZE) /* does not fit, or above a limit */
#define HYCO_EACCES   (-EACCES)   /* token does not give the right */
#define HYCO_EINVAL   (-EINVAL)   /* caller's mistake */

#endif /* HYCO_ERROR_H */
