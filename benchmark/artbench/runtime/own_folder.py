"""A folder that nobody else can write to: what is kept in a cache is believed, so nobody else may have put it there."""

import os
import stat
from functools import cache
from pathlib import Path

from artbench.errors import ArtbenchError

_WRITABLE_BY_GROUP, _WRITABLE_BY_ALL = stat.S_IWGRP, stat.S_IWOTH


def own_folder(folder: Path) -> Path:
    """Return a folder that exists, or, if others can write to it, the folder in it that is this user's alone.

    Others can write to a folder of theirs, to one whose mode lets them, and to what is made in it if the umask lets
    them. A group with one member is nobody else. Where a file system keeps no owners, the folder is taken as it is.

    Raises:
        ArtbenchError: The user's folder within is a link, or others can write to it.
        OSError: It can't be made.
    """
    why = shared_because(folder)
    if not why:
        return folder
    own = folder / f"user-{os.geteuid()}"
    try:
        own.mkdir(mode=0o700)
    except FileExistsError:
        made = False
    else:
        made = True
    state = own.lstat()
    if made and state.st_uid != os.geteuid():
        # Such as a Windows disk: whoever mounted it says who may write.
        own.rmdir()
        return folder
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise ArtbenchError(
            f"the cache folder {folder} is shared ({why}), and {own} is not a folder that only you can write to",
            mend="Set ARTBENCH_CACHE to a folder of your own",
        )
    return own


def shared_because(folder: Path) -> str:
    """Say why others can write to a folder, or to what is made in it; empty if they can't."""
    if os.name != "posix":
        return ""
    state = folder.stat()
    if state.st_uid not in (os.geteuid(), 0):
        return "another user owns it"
    if state.st_mode & _WRITABLE_BY_ALL:
        return "everybody can write to it"
    alone = _is_private(state.st_gid)
    if state.st_mode & _WRITABLE_BY_GROUP and not alone:
        return "its group can write to it"
    mask = os.umask(0o022)
    os.umask(mask)
    # With this bit, what is made in a folder has its group.
    group_is_private = alone if state.st_mode & stat.S_ISGID else _is_private(os.getegid())
    if not mask & _WRITABLE_BY_ALL or (not mask & _WRITABLE_BY_GROUP and not group_is_private):
        return f"your umask {mask:03o} lets others write to what is made in it"
    return ""


@cache
def _is_private(group: int) -> bool:
    """Whether a group is this user's own, with no other member."""
    import grp
    import pwd

    try:
        me, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return me.pw_gid == group and set(found.gr_mem) <= {me.pw_name} and (found.gr_name == me.pw_name)
