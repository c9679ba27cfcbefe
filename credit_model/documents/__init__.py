"""Documents about explained decreases: what lenders give to borrowers, and what officers read.

``notice``        the notice to the borrower of one decrease, in HTML, Markdown and JSON; ``notice_ahead`` is what it
                  says of what brings the limit back
``lender_file``   the lender as notices name it, from one TOML file; ``working_days`` its calendar
``letter``        the answer to an appeal; ``deadlines`` says when it is due
``case_folder``   exports a case; ``case_pages`` are the cut's, ``signature`` signs it with a key
``report``        a self-contained page for every decrease, and the index over them
``score_report``  pages of changes of the score of a lender's own model
``warnings``      a page over the open lines of a month, the riskiest first
``tracks``        the months of the borrowers that pages show
``page_records``  what a page embeds; the other ``page_*`` modules make its parts

Everything told derives from the one verdict on a cut (`explain.verdict`) and its words (`words`); the pages' script
only prints.
"""

from credit_model.documents.case_folder import check_export, export_case
from credit_model.documents.deadlines import terms_of
from credit_model.documents.lender_file import Lender, LenderError, read_lender
from credit_model.documents.letter import Letter, notice_contents, replayed, write_letters
from credit_model.documents.notice import Notice, build_notice
from credit_model.documents.report import ReportFiles, write_report
from credit_model.documents.score_report import write_score_pages
from credit_model.documents.signature import read_key
from credit_model.documents.tracks import Tracks, score_tracks
from credit_model.documents.warnings import warnings_html

__all__ = [
    "Lender",
    "LenderError",
    "Letter",
    "Notice",
    "ReportFiles",
    "Tracks",
    "build_notice",
    "check_export",
    "export_case",
    "notice_contents",
    "read_key",
    "read_lender",
    "replayed",
    "score_tracks",
    "terms_of",
    "warnings_html",
    "write_letters",
    "write_report",
    "write_score_pages",
]
