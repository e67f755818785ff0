"""The works that a paragraph on methods cites."""

KNN = (
    "Z. Wu, Y. Xiong, S. X. Yu and D. Lin, Unsupervised feature learning via non-parametric instance discrimination, "
    "CVPR 2018"
)
RIDGE = (
    "A. E. Hoerl and R. W. Kennard, Ridge regression: biased estimation for nonorthogonal problems, Technometrics 1970"
)
PCA = "K. Pearson, On lines and planes of closest fit to systems of points in space, Philosophical Magazine 1901"
BOOTSTRAP = "B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman and Hall 1993"
HOLM = "S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979"
CLOPPER_PEARSON = (
    "C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the "
    "binomial, Biometrika 1934"
)
KORN_GRAUBARD = (
    "E. L. Korn and B. I. Graubard, Confidence intervals for proportions with small expected number of positive counts "
    "estimated from survey data, Survey Methodology 1998"
)
JACKKNIFE = (
    "J. G. MacKinnon, M. Ø. Nielsen and M. D. Webb, Fast and reliable jackknife and bootstrap methods for "
    "cluster-robust inference, Journal of Applied Econometrics 2023"
)
HALL = "P. Hall, On the removal of skewness by transformation, Journal of the Royal Statistical Society B 1992"
WHITENING = (
    "H. Jégou and O. Chum, Negative evidences and co-occurences in image retrieval: the benefit of PCA and whitening, "
    "ECCV 2012"
)
CLIP = "A. Radford et al., Learning transferable visual models from natural language supervision, ICML 2021"
CSLS = "A. Conneau, G. Lample, M. Ranzato, L. Denoyer and H. Jégou, Word translation without parallel data, ICLR 2018"
PATHOROB = "J. Kömen, E. D. de Jong, J. Hense and others, Towards Robust Foundation Models for Digital Pathology, 2025"
MET = "N.-A. Ypsilantis et al., The Met dataset: instance-level recognition for artworks, NeurIPS 2021"


class Citations:
    """Numbers for cited works, in the order in which they are cited."""

    def __init__(self) -> None:
        self.works: list[str] = []

    def __call__(self, work: str) -> str:
        """Return the number of a work, such as `[1]`; a new one gets the next."""
        if work not in self.works:
            self.works.append(work)
        return f"[{self.works.index(work) + 1}]"
