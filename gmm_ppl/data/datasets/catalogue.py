"""The bundled data sets: a further one is a CSV file, a description here and its name in `DATASETS`."""

from gmm_ppl.data.datasets.base import Description

FAITHFUL = Description(
    name="faithful",
    title="Old Faithful: how long the geyser erupts, and how long one then waits",
    rows=272,
    units={"eruptions": "min", "waiting": "min"},
    labels=(),
    about=(
        "Lengths of eruptions of the Old Faithful geyser in Yellowstone National Park, and waiting times to the next "
        "one. Short eruptions are followed by short waits: two clear clusters. These are the 272 eruptions of Härdle's "
        "book; Azzalini and Bowman analyse a more complete record."
    ),
    source="R, datasets::faithful",
    references=(
        "A. Azzalini and A. W. Bowman (1990). A look at some data on the Old Faithful geyser. Applied Statistics 39, "
        "357-365. doi:10.2307/2347385",
        "W. Härdle (1991). Smoothing Techniques: With Implementation in S. Springer. ISBN 978-0-387-97367-8",
    ),
)

IRIS = Description(
    name="iris",
    title="Iris flowers: sepals and petals of three species",
    rows=150,
    units={"Sepal.Length": "cm", "Sepal.Width": "cm", "Petal.Length": "cm", "Petal.Width": "cm"},
    labels=("species",),
    about=(
        "Fifty flowers each of Iris setosa, versicolor and virginica. Setosa stands apart, the other two overlap, and "
        "information criteria often prefer two components. Rows 34 and 37, counting from 0, are as Fisher printed "
        "them; the copy in the UCI repository has slips there."
    ),
    source="R, datasets::iris",
    references=(
        "E. Anderson (1935). The irises of the Gaspé Peninsula. Bulletin of the American Iris Society 59, 2-5.",
        "R. A. Fisher (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7, 179-188. "
        "doi:10.1111/j.1469-1809.1936.tb02137.x",
    ),
)

DIABETES = Description(
    name="diabetes",
    title="Diabetes: three measurements on 145 adults, normal, chemical and overt",
    rows=145,
    units={"glucose": "unit not recorded", "insulin": "unit not recorded", "sspg": "unit not recorded"},
    labels=("class",),
    about=(
        "Blood chemistry of 145 adults who are not obese, with their clinical class. Kept as mclust has it, so that "
        "results can be compared, although mclust's manual calls it flawed: against the published table (R, "
        "rrcov::diabetes) `glucose` is the fasting plasma glucose, `insulin` the area under the glucose curve of a "
        "glucose tolerance test, `sspg` the area under the insulin curve, and row 103, counting from 0, has insulin 45 "
        "for 455."
    ),
    source="R, mclust::diabetes",
    references=(
        "G. M. Reaven and R. G. Miller (1979). An attempt to define the nature of chemical diabetes using a "
        "multidimensional analysis. Diabetologia 16, 17-24. doi:10.1007/BF00423145",
    ),
)

GALAXIES = Description(
    name="galaxies",
    title="Velocities of 82 galaxies in the Corona Borealis region",
    rows=82,
    units={"velocity": "1000 km/s"},
    labels=(),
    about=(
        "Velocities at which galaxies from six well-separated conic sections of the sky move away from us. Clusters of "
        "velocities are superclusters of galaxies with voids between them; how many there are is a question much used "
        "to compare methods. The 78th value (row 77, counting from 0) is 26.960, as published; R's MASS::galaxies has "
        "the misprint 26.690, as have the copies made of it, so their results differ a little."
    ),
    source="Roeder (1990), table 1",
    references=(
        "M. Postman, J. P. Huchra and M. J. Geller (1986). Probes of large-scale structure in the Corona Borealis "
        "region. Astronomical Journal 92, 1238-1247. doi:10.1086/114257",
        "K. Roeder (1990). Density estimation with confidence sets exemplified by superclusters and voids in the "
        "galaxies. Journal of the American Statistical Association 85, 617-624. doi:10.1080/01621459.1990.10474918",
    ),
)

DATASETS: tuple[Description, ...] = (FAITHFUL, IRIS, DIABETES, GALAXIES)
